// Stories of the views beside the sessions, of links, of the palette, and of who can read the page at all.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fits, usable } from "./usable.mjs";

const HOSTILE = "<img src=x onerror=alert(1)>";

export const stories = {
  async a_new_session_shows_up_by_itself_and_a_server_that_is_away_is_told(stage) {
    const page = await stage.visitor();
    await page.getByText("No session yet").waitFor();
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    await stage.start("arrives", "exec cat");
    await page.locator("a.row", { hasText: "arrives" }).waitFor();
    await stage.cf("kill", "arrives");
    await page.locator("section[aria-label=Ended] a.row", { hasText: "arrives" }).waitFor();
    assert.deepEqual(asked, [], "it is told, and does not ask");
    await stage.kill();
    await page.getByText("Not up to date: the server cannot be reached").waitFor();
    await stage.serve(stage.address);
    await page.getByText("Not up to date").waitFor({ state: "hidden" });
    await stage.start("later", "exec cat");
    await page.locator("a.row", { hasText: "later" }).waitFor();
  },

  async a_shared_link_opens_one_session_to_somebody_who_watches(stage) {
    await stage.start("ours", "echo ready; exec cat");
    await stage.start("secret", "exec cat");
    const page = await stage.visitor();
    await stage.enter(page, "ours");
    await page.getByRole("button", { name: "Share" }).click();
    await page.getByRole("textbox", { name: "For" }).fill("a friend");
    await page.getByRole("button", { name: "Make link" }).click();
    const link = await page.getByLabel("Link", { exact: true }).inputValue();
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), link);
    assert.equal(await page.getByLabel("Link", { exact: true }).evaluate((field) => field.scrollLeft), 0, "its beginning is seen");
    await page.getByRole("button", { name: "Done" }).click();
    await stage.hasKeyboard(page, "Share, closed");
    const guest = await stage.tab(await stage.person("phone"));
    await guest.goto(link);
    await stage.shows(guest, "ready");
    await guest.getByText("watching only").waitFor();
    assert.equal(new URL(guest.url()).hash, "");
    // What is of all sessions is not shown to him, and he is told why.
    const opened = guest.url();
    await guest.goto(`http://${stage.address}/health`);
    await guest.getByText("The figures are of all sessions").waitFor();
    assert.equal(await guest.getByRole("button", { name: "Try again" }).count(), 0);
    await guest.goto(opened);
    await stage.shows(guest, "ready");
    await guest.getByRole("button", { name: "To the sessions" }).tap();
    await guest.locator("a.row", { hasText: "ours" }).waitFor();
    assert.equal(await guest.locator("a.row").count(), 1, "nothing else is opened");
    // Whoever may do all keeps that, and the link its use.
    const other = (await stage.cf("share", "secret")).trim();
    await page.goto(other);
    await page.reload();
    await page.getByRole("button", { name: "New session" }).waitFor();
    const second = await stage.tab(await stage.person());
    await second.goto(other);
    await second.getByText("watching only").waitFor();
    // It is listed, who came by it is, too, and it ends at a word.
    await page.getByRole("link", { name: "Access" }).click();
    await guest.goto(new URL(link).origin + new URL(link).pathname);
    await page.locator("section[aria-labelledby=connected] tr", { hasText: "a friend" }).first().waitFor();
    // One row is this browser's, and nobody logs himself out without a warning.
    const own = page.locator("section[aria-labelledby=tokens] tr", { hasText: "this browser" });
    await own.getByRole("button", { name: "Revoke" }).click();
    await own.getByText("This is your own login").waitFor();
    await page.locator("section[aria-labelledby=connected] tr", { hasText: "this browser" }).first().waitFor();
    const row = page.locator("section[aria-labelledby=tokens] tr", { hasText: "a friend" });
    await row.getByRole("button", { name: "Revoke" }).click();
    await row.getByRole("button", { name: "Really revoke" }).click();
    await row.waitFor({ state: "detached" });
    await guest.getByText("This page opens with a login link").waitFor();
    // A guest who is thrown out tries his socket and is told so: that is what the browser notes.
    stage.faults = stage.faults.filter((fault) => !/40[134]/.test(fault));
  },

  async a_session_is_renamed_downloaded_ended_and_removed(stage) {
    await stage.start("before", "echo ready; exec cat");
    const page = await stage.visitor();
    await stage.enter(page, "before");
    await stage.shows(page, "ready");
    const more = page.getByRole("button", { name: "More" });
    const choose = async (name) => {
      await more.click();
      await page.getByRole("menuitem", { name, exact: true }).click();
    };
    // By keys alone: the first has the focus, up goes to the last, and out of it one comes back to the button.
    await more.focus();
    await page.keyboard.press("Enter");
    await page.locator("[role=menuitem]:focus", { hasText: "Rename…" }).waitFor();
    await usable(page, "the menu");
    await page.keyboard.press("ArrowUp");
    await page.locator("[role=menuitem]:focus", { hasText: "End…" }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator("button[aria-label=More]:focus").waitFor();
    assert.equal(await page.getByRole("menu").count(), 0);
    await choose("Rename…");
    await usable(page, "renaming");
    await page.keyboard.type("after");
    await page.keyboard.press("Enter");
    await page.getByRole("main", { name: "Session after" }).waitFor();
    await page.locator("a.row", { hasText: "after" }).waitFor();
    await stage.hasKeyboard(page, "a new name");
    for (const [name, file, part] of [["Download recording", "after.cast", /"version":2/], ["Download recording as text", "after.txt", /ready/]]) {
      const saved = page.waitForEvent("download");
      await choose(name);
      const download = await saved;
      assert.equal(download.suggestedFilename(), file);
      assert.match(readFileSync(await download.path(), "utf8"), part);
    }
    // The palette has the same; whoever hesitates has ended nothing.
    await page.keyboard.press("Control+Shift+K");
    await page.getByRole("combobox").fill("end…");
    await page.keyboard.press("Enter");
    await usable(page, "ending");
    await page.locator("button:focus", { hasText: "Cancel" }).click();
    assert.equal(JSON.parse(await stage.cf("show", "after", "--json")).phase, "running");
    await choose("End…");
    await page.getByRole("button", { name: "End it" }).click();
    await page.getByText("The program has ended").waitFor();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await choose("Remove…");
    await usable(page, "removing");
    await page.getByRole("button", { name: "Remove it" }).click();
    await page.getByText("No session yet").waitFor();
    assert.equal(new URL(page.url()).pathname, "/");
    // Who may only look takes the recording along, and no more.
    await stage.start("theirs", "exec cat");
    const looker = await stage.visitor("phone", "view");
    await stage.enter(looker, "theirs");
    await looker.getByRole("button", { name: "More" }).tap();
    assert.deepEqual(await looker.getByRole("menuitem").allTextContents(), ["Replay", "Download recording", "Download recording as text"]);
    await usable(looker, "the menu of a phone");
    await fits(looker, "the menu");
    await looker.getByRole("menuitem", { name: "Replay" }).tap();
    await looker.getByRole("main", { name: "Replay of theirs" }).waitFor();
  },

  async a_token_is_made_and_its_secret_shown_once(stage) {
    const page = await stage.visitor();
    await page.getByRole("link", { name: "Access" }).click();
    await page.getByRole("button", { name: "New token" }).click();
    await page.getByRole("textbox", { name: "For" }).fill(HOSTILE);
    await page.getByRole("combobox", { name: "Role" }).selectOption("type");
    await page.getByRole("button", { name: "Make it" }).click();
    const secret = await page.getByLabel("Token", { exact: true }).inputValue();
    const answer = await fetch(`http://${stage.address}/api/v1/me`, { headers: { authorization: `Bearer ${secret}` } });
    assert.equal((await answer.json()).role, "type");
    await page.getByRole("button", { name: "Done" }).click();
    await page.locator("td", { hasText: HOSTILE }).waitFor();
    assert.equal(await page.locator("img").count(), 0);
    assert.ok(!(await page.content()).includes(secret), "it is shown once");
    const looker = await stage.visitor("desk", "view");
    assert.equal(await looker.getByRole("link", { name: "Access" }).count(), 0);
    await looker.goto(`http://${stage.address}/access`);
    await looker.getByText("are for the role manage").waitFor();
  },

  async everything_is_found_by_its_name_and_the_terminal_keeps_its_keys(stage) {
    await stage.start("first", "exec sh -i");
    await stage.start("second", "exec cat -v");
    const page = await stage.visitor();
    await page.locator("a.row", { hasText: "first" }).waitFor();
    await page.keyboard.press("Control+K");
    const input = page.getByRole("combobox");
    await input.fill("seco");
    // What is said in conversations can be looked for with any words.
    assert.deepEqual(await page.locator("[role=option] .what").allTextContents(), ["second", "Search conversations for «seco»"]);
    await page.keyboard.press("Enter");
    await page.getByRole("main", { name: "Session second" }).waitFor();
    await page.locator(".frame textarea").focus();
    await page.keyboard.press("Control+K");
    await stage.shows(page, "^K");
    assert.equal(await input.count(), 0, "in a terminal the key is the program's");
    await page.keyboard.press("Control+Shift+K");
    await input.fill("take");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Release" }).waitFor();
    await page.keyboard.type(HOSTILE);
    await stage.shows(page, HOSTILE);
    const saved = page.waitForEvent("download");
    await page.keyboard.press("Control+Shift+K");
    await input.fill("save");
    await page.keyboard.press("Enter");
    const file = await saved;
    assert.equal(file.suggestedFilename(), "second.html");
    const html = readFileSync(await file.path(), "utf8");
    assert.ok(html.includes("&lt;img") && !html.includes("<img"), "what a program wrote is text there, too");
    await page.keyboard.press("Control+Shift+K");
    await input.fill("nothing is called this");
    await page.getByText("Nothing is called so").waitFor();
    await page.keyboard.press("Escape");
    await input.waitFor({ state: "detached" });
    assert.ok(await page.evaluate(() => document.activeElement.closest(".frame") !== null), "the terminal has the focus again");
    await page.keyboard.press("Control+Shift+K");
    await input.waitFor();
    await page.keyboard.press("ArrowUp");
    assert.match(await page.locator("[role=option][aria-selected=true]").textContent(), /colours/, "up goes from the first to the last");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "light");
    await page.keyboard.press("Control+Shift+K");
    await input.fill("health");
    await page.keyboard.press("Enter");
    await page.getByRole("main", { name: "Health" }).waitFor();
    await page.keyboard.press("Control+K");
    await input.fill("zebra & co");
    await page.getByText("Nothing is called so").waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("main", { name: "Search" }).waitFor();
    assert.equal(await page.getByRole("searchbox").inputValue(), "zebra & co");
    await page.goBack();
    await page.getByRole("main", { name: "Health" }).waitFor();
    await page.keyboard.press("Control+K");
    await input.fill("new session");
    await page.keyboard.press("Enter");
    await page.getByLabel("Command").waitFor();
    await page.goBack();
    await page.getByRole("main", { name: "Health" }).waitFor();
  },

  async who_controls_sets_the_size_and_only_he_gets_the_clipboard(stage) {
    await stage.start("sized", "stty -echo; while read -r text; do printf '\\033]52;c;%s\\007copied\\n' \"$text\"; done");
    const one = await stage.visitor();
    await stage.enter(one, "sized");
    const two = await stage.visitor("desk", "view");
    await stage.enter(two, "sized");
    await one.getByRole("button", { name: "Take control" }).click();
    await one.getByRole("button", { name: "Release" }).waitFor();
    const size = () => stage.cf("show", "sized", "--json").then((text) => JSON.parse(text).size);
    const wide = await stage.until("the session has the window's size", async () => ((await size()).cols !== 80 ? size() : undefined));
    await one.setViewportSize({ width: 760, height: 420 });
    const low = await stage.until("the session follows the window", async () => ((await size()).rows < wide.rows ? size() : undefined));
    await two.waitForFunction((rows) => globalThis.centerfire.rows === rows, low.rows);
    await two.setViewportSize({ width: 800, height: 170 });
    // The frame is too low for letters that could be read: it scrolls, and the last line is in sight.
    const settled = await two.waitForFunction(() => {
      const frame = document.querySelector(".frame");
      const below = document.querySelector(".frame .xterm-screen").getBoundingClientRect().bottom - frame.getBoundingClientRect().bottom;
      const letters = globalThis.centerfire.options.fontSize;
      // The end of the screen is at the end of the frame, but for the frame's own bar.
      return frame.scrollHeight > frame.clientHeight && Math.abs(below) < 20 && letters < 14 && letters;
    });
    assert.equal(await settled.jsonValue(), 9, "the smallest letters");
    assert.deepEqual(await size(), low, "who looks changes no size");
    await one.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());
    await one.bringToFront();
    await one.evaluate(() => navigator.clipboard.writeText("mine"));
    const put = async (text, page) => {
      await page.locator(".frame textarea").focus();
      await page.keyboard.type(`${Buffer.from(text).toString("base64")}\n`);
    };
    await put("of the program", one);
    await stage.until("the program's text is in the clipboard", async () => (await clipboard(one)) === "of the program");
    await one.getByRole("button", { name: "Release" }).click();
    await one.getByRole("button", { name: "Take control" }).waitFor();
    await put("not wanted", one);
    await one.waitForFunction(() => {
      const { active } = globalThis.centerfire.buffer;
      return Array.from({ length: active.length }, (_, row) => active.getLine(row).translateToString(true)).filter((line) => line === "copied").length === 2;
    });
    assert.equal(await clipboard(one), "of the program");
  },

  async pictures_are_shown_and_answer_nothing(stage) {
    await stage.start("drawn", "stty -echo -icanon; echo ready; exec cat -v");
    const page = await stage.tab(await stage.person());
    let typed = 0;
    page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => (typed += typeof payload === "string" ? 0 : 1)));
    const loaded = page.waitForResponse((response) => response.url().includes("addon-image"));
    await page.goto(stage.link);
    await stage.enter(page, "drawn");
    await stage.shows(page, "ready");
    await loaded;
    const sixel = "\x1bPq#0;2;100;0;0#0!20~-#0!20~\x1b\\";
    const draw = () => page.evaluate((bytes) => new Promise((done) => globalThis.centerfire.write(bytes, done)), `${sixel}\x1b[c\x1b[?2;1;0S`);
    await stage.until("a picture is there", async () => {
      await draw();
      return (await page.locator(".frame canvas.xterm-image-layer, .frame canvas[class*=image]").count()) > 0;
    });
    await page.locator(".frame textarea").focus();
    await page.keyboard.type("x");
    await stage.shows(page, "x");
    assert.equal(typed, 1, "the key, and no answer");
  },

  async every_view_can_be_used_by_everybody(stage) {
    // What programs and people call things is a text and nothing else.
    await stage.start(HOSTILE, `printf '\\033]2;${HOSTILE}\\007'; echo ready; exec cat`);
    await stage.cf("run", "--detached", "--name", "over", "--", "false");
    await stage.cf("token", "create", "--role", "view", "--label", HOSTILE);
    for (const kind of ["desk", "phone"]) {
      const page = await stage.visitor(kind);
      page.on("dialog", (dialog) => stage.faults.push(`a dialog: ${dialog.message()}`));
      const views = {
        list: async () => {
          await page.locator("a.row").first().waitFor();
          const cut = await page.evaluate(() => [...document.querySelectorAll(".list :is(.places, footer) :is(a, button)")].filter((link) => link.getBoundingClientRect().right > document.querySelector(".list").clientWidth).map((link) => link.textContent));
          assert.deepEqual(cut, [], "every link is seen whole");
        },
        health: async () => page.locator(".chart").first().waitFor(),
        access: async () => page.locator("section[aria-labelledby=tokens] table").waitFor(),
        docs: async () => {
          await page.locator(".operation").first().click();
          assert.equal(await page.locator(".operation summary", { hasText: "`" }).count(), 0, "code is set as code");
          await page.getByRole("link", { name: "docs/websocket.md" }).first().click();
          await page.getByText("# The WebSocket of a session").waitFor();
        },
      };
      for (const colours of ["dark", "light"]) {
        await page.emulateMedia({ colorScheme: colours, reducedMotion: "reduce" });
        for (const [name, ready] of Object.entries(views)) {
          await page.goto(`http://${stage.address}/${name === "list" ? "" : name}`);
          await ready();
          await usable(page, `${name}, ${kind}, ${colours}`);
          await fits(page, `${name}, ${kind}`);
        }
        await page.getByRole("button", { name: "New token" }).count();
        await page.goto(`http://${stage.address}/`);
        await stage.enter(page, HOSTILE);
        await stage.shows(page, "ready");
        await usable(page, `a session, ${kind}, ${colours}`);
        await stage.openShare(page, kind);
        await usable(page, `sharing, ${kind}, ${colours}`);
        await fits(page, "sharing");
        await page.keyboard.press("Escape");
        await page.evaluate(() => dispatchEvent(new KeyboardEvent("keydown", { code: "KeyK", metaKey: true })));
        await page.getByRole("combobox").waitFor();
        await usable(page, `the palette, ${kind}, ${colours}`);
        await fits(page, "the palette");
        await page.keyboard.press("Escape");
        assert.equal(await page.locator("img").count(), 0);
      }
    }
    const stranger = await stage.tab(await stage.person());
    await stranger.goto(`http://${stage.address}/`);
    await stranger.getByText("This page opens with a login link").waitFor();
    await usable(stranger, "the door");
    // A link that is pasted where the page is already works, too.
    await stranger.goto(stage.link);
    await stranger.locator("a.row").first().waitFor();
  },
};
