// Stories of people who look at recordings: `node replay.mjs NAME`, as those in stories.mjs.
import assert from "node:assert/strict";
import { tell } from "./stage.mjs";

/** Three words, each on a screen of its own, a long silence before the last. */
const THREE = "printf 'one\\n'; sleep 0.4; printf '\\033[2J\\033[Htwo\\n'; sleep 0.4; printf 'needle\\n'; sleep 4; printf '\\033[2J\\033[Hthree\\n'";

const slider = (page) => page.getByRole("slider", { name: "Time in the recording" });
const now = async (page) => Number(await slider(page).getAttribute("aria-valuenow"));
const offset = async (page) => Number((await page.locator(".offset").textContent()).replace(/\D/g, ""));

/** Opens the recording of a session that has ended, and stops it. */
async function open(stage, page, name, script) {
  await stage.start(name, script);
  await stage.cf("wait", name, "--for", "exit", "--timeout", "15");
  await page.locator("a.row", { hasText: name }).click();
  await page.getByRole("button", { name: "Replay" }).click();
  await slider(page).waitFor();
  // A short one may be at its end before it can be stopped.
  await stage.until("it stands still", async () => {
    if ((await page.getByRole("button", { name: "Pause" }).count()) === 0) return page.getByRole("button", { name: "Play" }).isVisible();
    await page.keyboard.press("Space");
    return false;
  });
}

/** Waits until the screen is this, and says what it was instead. */
async function sees(stage, page, text) {
  const bare = async () => (await stage.screen(page)).replace(/ +$/gm, "");
  await stage.until(`the screen shows ${JSON.stringify(text)}`, async () => (await bare()) === text).catch(async (failure) => {
    throw new Error(`${failure.message}: ${JSON.stringify(await stage.screen(page))}`);
  });
}

await tell({
  async a_recording_is_played_and_sought_by_pointer_and_keys(stage) {
    const page = await stage.visitor();
    let typed = 0;
    page.on("request", (request) => {
      if (request.method() !== "GET") typed += 1;
    });
    await open(stage, page, "played", THREE);
    await page.keyboard.press("Home");
    await sees(stage, page, "");
    const { x, y, width, height } = await slider(page).boundingBox();
    await page.mouse.click(x + width - 1, y + height / 2);
    await sees(stage, page, "three");
    const end = await offset(page);
    await stage.until("the address names the moment", () => new URL(page.url()).searchParams.get("at") === String(end));
    await page.keyboard.press("Comma");
    await sees(stage, page, "two\nneedle");
    await page.keyboard.press("Comma");
    await sees(stage, page, "two");
    await page.keyboard.press("Period");
    await sees(stage, page, "two\nneedle");
    await page.keyboard.press("Shift+ArrowLeft");
    await page.keyboard.press("Shift+ArrowLeft");
    await sees(stage, page, "");
    await page.keyboard.press("End");
    await sees(stage, page, "three");
    await page.keyboard.press("PageDown");
    await sees(stage, page, "two\nneedle");
    // A finger, or a held button, that moves along sees where it is.
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + 1, y + height / 2, { steps: 5 });
    await sees(stage, page, "");
    await page.mouse.move(x + width / 2, y + height / 2, { steps: 5 });
    await sees(stage, page, "two\nneedle");
    await page.mouse.up();
    const address = page.url();
    await page.keyboard.press("Home");
    await sees(stage, page, "");
    // Whoever is sent the address sees that moment.
    await page.goto(address);
    await slider(page).waitFor();
    await sees(stage, page, "two\nneedle");
    await page.keyboard.press("Home");
    await page.keyboard.press("Space");
    await sees(stage, page, "three");
    await page.getByRole("button", { name: "Play" }).waitFor();
    await page.locator(".frame textarea").focus();
    await page.keyboard.type("x");
    await page.keyboard.press("Enter");
    assert.equal(typed, 0, "nothing is typed into anything");
    await page.keyboard.press("r");
    await page.getByRole("main", { name: "Session played" }).waitFor();
  },

  async pauses_are_cut_and_time_goes_faster(stage) {
    const page = await stage.visitor();
    await open(stage, page, "idle", `${THREE}; sleep 4; echo four`);
    const length = async () => Number(await slider(page).getAttribute("aria-valuemax"));
    assert.equal(await page.locator(".timeline .pause").count(), 2);
    assert.equal(await length(), 5);
    await page.getByLabel("Cut pauses").selectOption("0.5");
    await stage.until("pauses of half a second", async () => (await length()) === 2);
    await page.getByLabel("Cut pauses").selectOption({ label: "whole" });
    await stage.until("whole pauses", async () => (await length()) === 9);
    assert.equal(await page.locator(".timeline .pause").count(), 0);
    await slider(page).focus();
    await page.keyboard.press("Home");
    for (let times = 0; times < 9; times += 1) await page.keyboard.press(">");
    assert.equal(await page.getByLabel("Speed").inputValue(), "16");
    const begun = Date.now();
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await page.getByRole("button", { name: "Play" }).waitFor();
    await sees(stage, page, "three\nfour");
    assert.equal(await now(page), 9);
    assert.ok(Date.now() - begun < 9_000, `9 seconds took ${Date.now() - begun} ms`);
  },

  async a_text_is_found_in_a_long_recording(stage) {
    const page = await stage.visitor();
    await open(stage, page, "hay", "seq 20000; echo a Needle here; sleep 0.1; seq 30000; printf '\\033[2J\\033[Hsome needle there'; sleep 0.1; clear; echo bye");
    await page.keyboard.press("Slash");
    await page.getByLabel("Text in the recording").fill("needle");
    await page.keyboard.press("Enter");
    await page.getByText("2 hits").waitFor();
    await stage.shows(page, "a Needle here");
    await stage.until("the hit is marked", () => page.evaluate(() => globalThis.centerfire.getSelection() === "Needle"));
    await page.keyboard.press("Enter");
    await sees(stage, page, "some needle there");
    await page.locator(".hits li button").first().click();
    await stage.shows(page, "a Needle here");
    await page.getByLabel("Text in the recording").fill("99");
    await page.keyboard.press("Enter");
    await page.getByText("200 hits up to here; partial").waitFor();
    await page.getByRole("button", { name: "Search on" }).click();
    await page.getByText("400 hits up to here; partial").waitFor();
    await page.getByLabel("Text in the recording").fill("no such text");
    await page.keyboard.press("Enter");
    await page.getByText("No hit").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("search").waitFor({ state: "detached" });
  },

  async a_jump_shows_what_the_server_paints(stage) {
    const page = await stage.visitor();
    const frame = "printf '\\033[%d;%dH\\033[3%dm%d\\033[0m äöü 漢字\\033[K' $((RANDOM % 22 + 1)) $((RANDOM % 60 + 1)) $((RANDOM % 8)) $i";
    await open(stage, page, "painted", `stty cols 70 rows 20; for i in $(seq 400); do ${frame}; [ $((i % 9)) = 0 ] && echo; done; sleep 3; printf '\\033[?1049h\\033[2J'; for i in $(seq 200); do ${frame}; done`);
    const whole = await offset(page);
    await page.keyboard.press("End");
    await stage.until("the end", async () => (await offset(page)) > whole);
    const id = /\/s\/([^/]+)/.exec(page.url())[1];
    for (const share of [0.95, 0.1, 0.6, 0.3]) {
      const { x, y, width, height } = await slider(page).boundingBox();
      const answered = page.waitForResponse((response) => response.url().includes("/recording?"));
      await page.mouse.click(x + width * share, y + height / 2);
      const { frames } = await (await answered).json();
      const at = frames[0].offset;
      const painted = await page.evaluate(async ([id, at]) => (await fetch(`/api/v1/sessions/${id}/screen?at=${at}`)).json(), [id, at]);
      assert.equal(painted.offset, at);
      await sees(stage, page, painted.lines.join("\n").trimEnd());
      const cursor = await page.evaluate(() => ({ row: globalThis.centerfire.buffer.active.cursorY, col: globalThis.centerfire.buffer.active.cursorX }));
      assert.deepEqual(cursor, { row: painted.cursor.row, col: painted.cursor.col });
    }
    await page.keyboard.press("End");
    await sees(stage, page, (await stage.cf("screen", "painted")).trimEnd());
  },

  async a_running_session_is_replayed_and_goes_on(stage) {
    await stage.start("runs", "stty -echo; echo first; read line; echo second; exec cat");
    const page = await stage.visitor();
    await stage.enter(page, "runs");
    await stage.shows(page, "first");
    await page.locator(".frame textarea").focus();
    await page.keyboard.press("Control+Shift+H");
    await page.getByRole("main", { name: "Replay of runs" }).waitFor();
    await sees(stage, page, "first");
    await page.getByRole("button", { name: "Play" }).waitFor();
    await stage.cf("send", "runs", "--key", "Enter");
    await stage.cf("wait", "runs", "--for", "text", "--match", "second", "--timeout", "15");
    await page.keyboard.press("Space");
    await sees(stage, page, "first\nsecond");
    await page.getByRole("button", { name: "Live" }).click();
    await page.getByRole("button", { name: "Take control" }).waitFor();
  },

  async a_phone_plays_a_recording(stage) {
    const page = await stage.visitor("phone");
    await page.setViewportSize({ width: 390, height: 844 });
    await open(stage, page, "pocket", THREE);
    const { x, y, width, height } = await slider(page).boundingBox();
    await page.touchscreen.tap(x + width - 2, y + height / 2);
    await sees(stage, page, "three");
    await page.getByRole("button", { name: "One step back" }).tap();
    await sees(stage, page, "two\nneedle");
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.equal(wide, 0, "nothing reaches over the edge");
    const [canvas, frame] = await page.evaluate(() => [".xterm-screen", ".frame"].map((name) => document.querySelector(name).clientWidth));
    assert.ok(canvas <= frame, `the whole terminal is seen: ${canvas} in ${frame}`);
    const low = await page.evaluate(() => document.querySelector(".controls").getBoundingClientRect().bottom - innerHeight);
    assert.ok(low <= 0, "the controls are seen");
    await page.getByRole("button", { name: "Search" }).tap();
    await page.getByLabel("Text in the recording").fill("one");
    await page.keyboard.press("Enter");
    await sees(stage, page, "one");
    await page.getByRole("button", { name: "To the sessions" }).tap();
    await page.locator("a.row", { hasText: "pocket" }).waitFor();
  },
});
