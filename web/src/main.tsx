// The page begins here.
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { enter } from "./login";
import "@xterm/xterm/css/xterm.css";
import "./style/base.css";
import "./style/list.css";
import "./style/session.css";
import "./style/place.css";
import "./style/replay.css";

// A link that is opened where the page is already changes only what stands behind the `#`.
addEventListener("hashchange", () => {
  if (location.hash.startsWith("#login=")) location.reload();
});

const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<App entered={enter()} />);
