// What `cargo xtask bench` asks of the chat: `node chat_figures.mjs MESSAGES` writes that many messages into a transcript, one after
// the other, and prints as JSON how many milliseconds each takes from its last byte to a painted page.
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Stage } from "./stage.mjs";
import { Transcript } from "./transcript.mjs";

/** Between two messages, and by chance up to so much more: they come at any moment of the follower's and the browser's clocks. */
const SPACING_MS = 60;
const CHANCE_MS = 140;

const [count] = process.argv.slice(2).map(Number);
const conversation = randomUUID();
const talk = new Transcript(conversation);
const stage = await Stage.open();
try {
  const program = join(process.cwd(), "claude");
  writeFileSync(program, "#!/bin/sh\necho ready\nread -r line\n", { mode: 0o755 });
  await stage.cf("run", "--detached", "--name", "chat", "--", program, "--session-id", conversation);
  talk.user("begin");
  talk.says("the first answer");
  talk.write();
  const page = await stage.visitor();
  await stage.enter(page, "chat");
  await page.getByRole("button", { name: "Chat" }).click();
  await page.locator(".line", { hasText: "the first answer" }).waitFor();
  process.stdout.write(JSON.stringify({ delays: await measure(page) }));
} finally {
  await stage.close();
}

/** The page tells when it had painted each; both clocks are those of this machine. */
async function measure(page) {
  await page.evaluate(() => {
    globalThis.painted = {};
    const look = () => {
      const lines = document.querySelectorAll(".line");
      const number = /message-(\d+)-ends/.exec(lines[lines.length - 1]?.textContent ?? "")?.[1];
      if (number === undefined || number in globalThis.painted) return;
      globalThis.painted[number] = 0;
      // What follows a frame's callbacks comes after it was painted.
      const after = new MessageChannel();
      after.port1.onmessage = () => (globalThis.painted[number] = performance.timeOrigin + performance.now());
      requestAnimationFrame(() => after.port2.postMessage(0));
    };
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
  const delays = [];
  for (let number = 0; number < count; number += 1) {
    talk.says(`some words, and message-${number}-ends`);
    const written = performance.timeOrigin + performance.now();
    talk.write();
    await page.waitForFunction((number) => globalThis.painted[number] > 0, number, { polling: 10 });
    delays.push((await page.evaluate((number) => globalThis.painted[number], number)) - written);
    await new Promise((resolve) => setTimeout(resolve, SPACING_MS + CHANCE_MS * Math.random()));
  }
  return delays;
}
