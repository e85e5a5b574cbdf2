// What the stories of the page stand on: the real server, real sessions, a real browser. Everything that the browser
// complains about is collected, and a story fails by it.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

/** How long anything may take before a story gives up. */
const LIMIT_MS = 20_000;
const DESK = { viewport: { width: 1100, height: 680 }, colorScheme: "dark" };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5, hasTouch: true, isMobile: true, colorScheme: "dark" };
/** What a browser says when a server is gone, which is no fault of the page. */
const SERVER_GONE = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection to/;

const run = promisify(execFile);

export class Stage {
  faults = [];

  static async open() {
    const stage = new Stage();
    stage.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM,
      // Its own sandbox does not work for root, who runs the tests in a container.
      args: process.getuid() === 0 ? ["--no-sandbox"] : [],
    });
    await stage.serve("127.0.0.1:0");
    return stage;
  }

  async close() {
    await this.browser.close();
    // A story that failed may have left it stopped.
    this.server.kill("SIGCONT");
    this.server.kill("SIGTERM");
  }

  /** Starts the server. */
  async serve(address) {
    this.server = spawn(process.env.CENTERFIRE, ["serve", "--listen", address], { stdio: ["ignore", "pipe", "inherit"] });
    const link = await new Promise((resolve, reject) => {
      createInterface({ input: this.server.stdout }).once("line", resolve);
      this.server.once("exit", (code) => reject(new Error(`the server ended (${code}) before it said where it listens`)));
    });
    this.link = link;
    this.address = new URL(link).host;
  }

  /** Kills the server, as nothing can be prepared for. */
  async kill() {
    const gone = new Promise((resolve) => this.server.once("close", resolve));
    this.server.kill("SIGKILL");
    await gone;
  }

  /** What a command prints. */
  async cf(...words) {
    return (await run(process.env.CENTERFIRE, words, { timeout: LIMIT_MS, killSignal: "SIGKILL" })).stdout;
  }

  async start(name, script) {
    await this.cf("run", "--detached", "--name", name, "--", "bash", "-c", script);
  }

  /** A browser of its own: a new set of cookies. */
  async person(kind = "desk") {
    const context = await this.browser.newContext(kind === "phone" ? PHONE : DESK);
    context.setDefaultTimeout(LIMIT_MS);
    return context;
  }

  async tab(context) {
    const page = await context.newPage();
    page.on("pageerror", (error) => this.faults.push(`error: ${error.stack ?? error}`));
    page.on("console", (message) => {
      if (message.type() === "error" && !SERVER_GONE.test(message.text())) this.faults.push(`console: ${message.text()}`);
    });
    return page;
  }

  /** A person's first tab, let in with a role. */
  async visitor(kind, role = "manage") {
    const page = await this.tab(await this.person(kind));
    await this.logIn(page, role);
    return page;
  }

  async logIn(page, role = "manage") {
    const secret = (await this.cf("token", "create", "--role", role, "--login")).trim().split("\n").at(-1);
    await page.goto(`http://${this.address}/#login=${secret}`);
    await page.locator(".list").waitFor();
  }

  /** Opens a session from the list. */
  async enter(page, name) {
    await page.locator("a.row", { hasText: name }).click();
    await this.shows(page, "");
  }

  /** Opens the dialog that makes a link to the session; on a phone it is in the menu. */
  async openShare(page, kind) {
    if (kind === "phone") await page.getByRole("button", { name: "More" }).tap();
    await page.getByRole(kind === "phone" ? "menuitem" : "button", { name: "Share" }).click();
  }

  /** Waits until what is typed goes to the program. */
  async hasKeyboard(page, after) {
    await page.waitForFunction(() => document.activeElement.closest(".frame") !== null).catch(() => {
      throw new Error(`the terminal has no keyboard after ${after}`);
    });
  }

  /** Waits until the terminal shows a text. */
  async shows(page, text) {
    const seen = (text) => {
      const terminal = globalThis.centerfire;
      if (terminal === undefined) return false;
      const { active } = terminal.buffer;
      for (let row = 0; row < active.length; row += 1) {
        if (active.getLine(row).translateToString(true).includes(text)) return true;
      }
      return false;
    };
    await page.waitForFunction(seen, text).catch(async (failure) => {
      throw new Error(`the page never shows ${JSON.stringify(text)}: ${JSON.stringify(await this.lines(page))}\n${failure}`);
    });
  }

  /** Every line of the terminal, those that scrolled off first. */
  async lines(page) {
    return page.evaluate(() => {
      const { active } = globalThis.centerfire.buffer;
      return Array.from({ length: active.length }, (_, row) => active.getLine(row).translateToString(true));
    });
  }

  /** The lines of the screen alone, as `centerfire screen` prints them. */
  async screen(page) {
    const rows = await page.evaluate(() => globalThis.centerfire.rows);
    return (await this.lines(page)).slice(-rows).join("\n").trimEnd();
  }

  /** Waits until what was asked for is so. */
  async until(what, ask) {
    const deadline = Date.now() + LIMIT_MS;
    for (;;) {
      const answer = await ask();
      if (answer) return answer;
      if (Date.now() > deadline) throw new Error(`never: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Tells the story that the command line names. */
export async function tell(stories) {
  const stage = await Stage.open();
  try {
    await stories[process.argv[2]](stage);
    assert.deepEqual(stage.faults, [], "the browser has nothing to complain about");
  } finally {
    await stage.close();
  }
}
