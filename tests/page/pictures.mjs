// Draws docs/images/page-*.png anew: `make pictures`. Real sessions in a real browser, in an instance that is thrown away; only
// the hour of figures is made up, for nobody waits that long.
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Stage } from "./stage.mjs";

const ROOT = resolve(import.meta.dirname, "../..");
const SAMPLES = 360;
const EVERY_S = 10;

const home = mkdtempSync(join(tmpdir(), "pictures-"));
const work = join(home, "work");
mkdirSync(work);
process.chdir(work);
copyFileSync(join(ROOT, "crates/protocol/src/exit.rs"), "exit.rs");
// What looks like an agent at work is vim, after a word about its state.
writeFileSync("agent", '#!/bin/sh\nprintf "\\033]7501;state=$STATE:app=agent\\033\\\\\\\\"\nprintf "\\033]2;$TITLE\\033\\\\\\\\"\nexec vim -R -n -u NONE -c "set number nowrap laststatus=2 noshowcmd t_Co=16 background=dark | syntax on" exit.rs\n');
chmodSync("agent", 0o755);
Object.assign(process.env, { CENTERFIRE_HOME: join(home, "home"), PATH: `${work}:${process.env.PATH}`, CENTERFIRE: process.env.CENTERFIRE ?? join(ROOT, "target/release/centerfire"), CHROMIUM: process.env.CHROMIUM ?? "/usr/bin/chromium" });

/** What a run of tests looks like, as a recording has it. */
const TESTS = 'for i in $(seq 60); do printf "\\033[32mok\\033[0m   test %02d: module::case_%d\\n" "$i" $((i * 7)); sleep 0.0$((i % 9)); [ "$i" = 31 ] && sleep 2; done; printf "\\033[31mFAIL\\033[0m test 61: a needle is found\\n"; exit 1';

/** A session whose program says its state and title. */
async function agent(stage, name, state, title, ...words) {
  Object.assign(process.env, { STATE: state, TITLE: title });
  await stage.cf("run", "--detached", "--name", name, "--", "agent", ...words);
}

/** An hour in which something happened. */
function samples(now_us) {
  const wave = (at, length, phase = 0) => (1 + Math.sin(at / length + phase)) / 2;
  return Array.from({ length: SAMPLES }, (_, at) => {
    const busy = wave(at, 23) * wave(at, 7, 2) + (at % 41 === 0 ? 0.8 : 0);
    return {
      time: now_us - (SAMPLES - at) * EVERY_S * 1_000_000,
      states: { working: at > 60 ? 1 + Math.round(wave(at, 40)) : 1, blocked: at % 130 > 95 ? 1 : 0, done: at > 200 ? 1 : 0 },
      ended: 2,
      connections: 2 + Math.round(wave(at, 31) * 3),
      written_rate: busy * 240_000,
      sent_rate: busy * 610_000,
      request_rate: 2 + busy * 12,
      latency_ms: 0.3 + busy * 0.5,
      slowest_ms: 1 + busy * 6,
      refused_rate: at % 97 === 0 ? 0.2 : 0,
      failed_rate: 0,
      memory: 9e6 + wave(at, 60) * 2.5e6,
    };
  });
}

const stage = await Stage.open();
try {
  await stage.cf("run", "--detached", "--name", "lint", "--", "sh", "-c", "exit 0");
  await stage.cf("run", "--detached", "--name", "nightly-build", "--", "sh", "-c", "make nightly 2>/dev/null; exit 2");
  await stage.cf("wait", "nightly-build", "--for", "exit");
  await stage.cf("run", "--detached", "--name", "test-run", "--", "bash", "-c", TESTS);
  await stage.cf("wait", "test-run", "--for", "exit");
  await agent(stage, "release-notes", "done", "Write the release notes", "write", "notes.md");
  await agent(stage, "api-refactor", "blocked", "May I edit api.rs?", "--plan", "api.md");
  await agent(stage, "fix-flaky-test", "working", "Fix the flaky test", "exit.rs");
  await stage.cf("token", "create", "--role", "view", "--label", "the wall display", "--expires", "30d");
  const guest = await stage.tab(await stage.person());
  await guest.goto((await stage.cf("share", "api-refactor", "--label", "a colleague")).trim());
  await guest.getByText("watching only").waitFor();
  for (const kind of ["desk", "phone"]) {
    for (const colours of ["dark", "light"]) await draw(kind, colours);
  }
} finally {
  for (const name of ["release-notes", "api-refactor", "fix-flaky-test"]) await stage.cf("kill", name).catch(() => {});
  await stage.close();
  rmSync(home, { recursive: true, force: true });
}

async function draw(kind, colours) {
  const secret = (await stage.cf("token", "create", "--role", "manage", "--login", "--label", kind === "desk" ? "desk" : "phone")).trim();
  const page = await stage.tab(await stage.person(kind));
  await page.emulateMedia({ colorScheme: colours, reducedMotion: "reduce" });
  if (kind === "desk") await page.setViewportSize({ width: 1000, height: 600 });
  await page.route("**/api/v1/health/history*", (route) => route.fulfill({ json: { every_s: EVERY_S, kept: 360, samples: samples(Date.now() * 1_000) } }));
  const shoot = async (view) => {
    // What arrives does so softly.
    await page.evaluate(() => document.fonts.ready);
    const name = ["page", view, kind === "phone" ? "phone" : "", colours].filter((part) => part !== "").join("-");
    await page.screenshot({ path: join(ROOT, "docs/images", `${name}.png`), animations: "disabled", scale: kind === "phone" ? "device" : "css" });
  };
  const place = async (path, ready) => {
    await page.goto(`http://${stage.address}/${path}`);
    await page.locator(ready).first().waitFor();
  };
  await page.goto(`http://${stage.address}/#login=${secret}`);
  await page.locator("a.row").first().waitFor();
  if (kind === "phone") await shoot("list");
  await stage.enter(page, "fix-flaky-test");
  await page.getByRole("button", { name: "Take control" }).click();
  await page.getByRole("button", { name: "Release" }).waitFor();
  await stage.shows(page, "pub enum ExitStatus");
  await stage.until("the window is filled", () => page.evaluate(() => globalThis.centerfire.buffer.active.getLine(globalThis.centerfire.rows - 2)?.translateToString(true).includes("exit.rs")));
  await shoot("");
  await stage.openShare(page, kind);
  await shoot("share");
  await page.keyboard.press("Escape");
  await page.evaluate(() => dispatchEvent(new KeyboardEvent("keydown", { code: "KeyK", metaKey: true })));
  await page.getByRole("combobox").waitFor();
  await shoot("palette");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Release" }).click();
  await place("access", "section[aria-labelledby=connected] tbody tr");
  await shoot("access");
  await place("health", ".chart");
  await shoot("health");
  await place("docs", ".operation");
  await page.locator(".operation", { hasText: "Starts a session" }).click();
  await shoot("docs");
  await place("s/test-run/replay?at=1500", "[role=slider]");
  await stage.shows(page, "test 30");
  if (kind === "desk") {
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByLabel("Text in the recording").fill("test 4");
    await page.keyboard.press("Enter");
    await page.getByText("10 hits").waitFor();
  }
  await shoot("replay");
  await page.context().close();
}
