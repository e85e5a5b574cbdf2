// What most web terminals are: one node-pty, its output sent to every WebSocket. `node node-pty.mjs PORT PROGRAM ARGUMENT…`
import pty from "node-pty";
import { WebSocketServer } from "ws";

const [port, program, ...words] = process.argv.slice(2);
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(port) });
/** Of its first words, by which a client knows that the program listens. */
const FIRST_CHARACTERS = 1000;
let terminal;
let first = "";

server.on("connection", (socket) => {
  socket.on("message", (message) => terminal.write(message.toString()));
  if (first !== "") socket.send(first);
  if (terminal !== undefined) return;
  terminal = pty.spawn(program, words, { cols: 120, rows: 40 });
  terminal.onData((data) => {
    if (first.length < FIRST_CHARACTERS) first += data;
    for (const client of server.clients) client.send(data);
  });
});
