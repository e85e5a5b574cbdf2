// Stories of people and the page, each told by its name: `node stories.mjs NAME`. A test in Rust
// (crates/centerfire/tests/page) runs each in an instance of its own.
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { tell } from "./stage.mjs";
import { stories as ofViews } from "./views.mjs";

const HOSTILE = "<img src=x onerror=alert(1)>";

await tell({
  ...ofViews,
  async a_link_lets_a_browser_in_once_and_it_types(stage) {
    await stage.start("open", `printf '\\033]2;${HOSTILE}\\007'; exec sh -i`);
    const page = await stage.tab(await stage.person());
    const parts = [];
    const collect = (response) => {
      if (!response.url().includes("/api/")) parts.push(response);
    };
    page.on("response", collect);
    await page.goto(stage.link);
    await stage.enter(page, "open");
    await stage.until("the last part is loaded", () => parts.some((part) => part.url().includes("addon-webgl")));
    page.off("response", collect);
    const bodies = await Promise.all(parts.map((part) => part.body()));
    const loaded = bodies.reduce((sum, body) => sum + gzipSync(body).length, 0);
    assert.ok(loaded > 50_000 && loaded < 400_000, `the page has ${loaded} bytes, compressed`);
    assert.equal(new URL(page.url()).hash, "", "the secret is out of the address");
    await page.locator(".frame textarea").focus();
    await page.keyboard.type("echo hel''lo\n");
    await stage.shows(page, "hello");
    // What a program calls itself is a text and nothing else.
    await page.locator(".title", { hasText: HOSTILE }).waitFor();
    assert.equal(await page.locator("img").count(), 0);
    await page.reload();
    await stage.shows(page, "hello");
    const other = await (await stage.person()).newPage();
    await other.goto(stage.link);
    await other.getByRole("alert").getByText(/^this link was used or has ended$/).waitFor();
    await other.getByText("Whoever sent you the link can make another one").waitFor();
    await other.getByText("centerfire token create --login", { exact: true }).waitFor();
    await page.goto(`http://${stage.address}/nosuchpage`);
    await page.getByRole("alert").getByText("There is no such page").waitFor();
    await page.getByRole("button", { name: "To the sessions" }).click();
    await page.getByText("Choose a session").waitFor();
  },

  async a_session_is_started_found_by_keys_and_seen_to_end(stage) {
    const page = await stage.visitor();
    await page.getByText("No session yet").waitFor();
    await page.getByRole("button", { name: "New session" }).click();
    await page.getByLabel("Command").fill("sh -c 'echo \"ready  now\"; read line; exit 7'");
    await page.getByLabel("Name").fill("short");
    await page.getByLabel("Folder").fill("~/");
    await page.getByRole("button", { name: "Start" }).click();
    await stage.shows(page, "ready  now");
    assert.equal(await page.locator("a.row .folder").getAttribute("title"), process.env.HOME);
    // Whoever starts it controls it, and types.
    await page.getByRole("button", { name: "Release" }).waitFor();
    await stage.hasKeyboard(page, "a session that was started");
    await page.keyboard.press("Enter");
    await page.getByText("The program has ended (code 7)").waitFor();
    await page.locator("section[aria-label=Ended] a.row", { hasText: "exit 7" }).waitFor();
    await stage.start("newer", "exec cat");
    await page.locator("a.row", { hasText: "newer" }).waitFor();
    await page.locator("a.row", { hasText: "short" }).focus();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await page.getByRole("main", { name: "Session newer" }).waitFor();
    await page.locator(".frame textarea").focus();
    await page.keyboard.type("needle\n");
    await stage.shows(page, "needle");
    await page.keyboard.press("Control+Shift+F");
    await page.getByLabel("Find in the terminal").fill("needle");
    assert.equal(await page.evaluate(() => globalThis.centerfire.getSelection()), "needle");
    await page.keyboard.press("Escape");
    await stage.hasKeyboard(page, "Find, closed");
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.keyboard.press("Control+Shift+C");
    await stage.until("the clipboard has it", () => page.evaluate(async () => (await navigator.clipboard.readText()) === "needle"));
    await page.keyboard.press("Control+Shift+L");
    assert.match(await page.evaluate(() => document.activeElement.textContent), /newer/, "the list has the focus");
    await page.locator("a.row", { hasText: "short" }).click();
    await page.getByRole("button", { name: "Start again" }).click();
    await page.locator("section[aria-label=Running] a.row", { hasText: "short" }).waitFor();
    await stage.shows(page, "ready  now");
    await page.getByRole("button", { name: "New session" }).click();
    assert.equal(await page.getByLabel("Folder").getAttribute("placeholder"), process.env.HOME, "where the latest was started");
    await page.getByLabel("Command").fill("no-such-program");
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByRole("alert").waitFor();
    // The browser itself reports the answer that the story wanted.
    stage.faults = stage.faults.filter((fault) => !fault.includes("422"));
  },

  async two_tabs_share_a_session_and_one_controls_it(stage) {
    await stage.start("shared", "exec sh -i");
    const one = await stage.visitor();
    await stage.enter(one, "shared");
    const two = await stage.tab(one.context());
    await two.goto(one.url());
    await stage.shows(two, "");
    await one.locator(".frame textarea").focus();
    await one.keyboard.type("echo from-o''ne\n");
    await stage.shows(two, "from-one");
    const size = () => stage.cf("show", "shared", "--json").then((text) => JSON.parse(text).size);
    assert.deepEqual(await size(), { cols: 80, rows: 24 }, "who looks changes no size");
    await one.getByRole("button", { name: "Find everything: Ctrl Shift K" }).focus();
    await one.getByRole("button", { name: "Find everything: Ctrl K" }).waitFor();
    await one.getByRole("button", { name: "Take control" }).click();
    await one.getByRole("button", { name: "Release" }).waitFor();
    await stage.hasKeyboard(one, "control, taken");
    const fitted = await stage.until("the session is fitted to the window", async () => {
      const now = await size();
      return now.cols !== 80 && now;
    });
    for (const tab of [one, two]) {
      await tab.waitForFunction((cols) => globalThis.centerfire.cols === cols, fitted.cols);
    }
    await two.setViewportSize({ width: 900, height: 500 });
    await two.getByRole("button", { name: "Take control" }).click();
    await one.getByText("Somebody else controls the session now").waitFor();
    await stage.until("the other tab's size", async () => (await size()).cols < fitted.cols);
    await one.waitForFunction((cols) => globalThis.centerfire.cols < cols, fitted.cols);
    await two.getByRole("button", { name: "Release" }).click();
    await two.getByRole("button", { name: "Take control" }).waitFor();
    await stage.hasKeyboard(two, "control, released");
    assert.equal(await stage.screen(one), (await stage.cf("screen", "shared")).trimEnd());
  },

  async a_server_that_dies_in_the_middle_costs_no_byte(stage) {
    await stage.start(
      "long",
      "seq 200000; echo prompt; read line; for i in $(seq 1 600); do echo \"line $i of the output\"; [ $((i % 20)) = 0 ] && sleep 0.05; done; echo all of it; exec cat",
    );
    const page = await stage.visitor();
    await stage.enter(page, "long");
    await stage.shows(page, "prompt");
    await page.getByRole("button", { name: "Take control" }).click();
    await page.getByRole("button", { name: "Release" }).waitFor();
    await page.locator(".frame textarea").focus();
    await page.keyboard.press("Enter");
    await stage.shows(page, "line 100 of");
    await stage.kill();
    await page.getByText("Connection lost; the session goes on").waitFor();
    await stage.serve(stage.address);
    await stage.shows(page, "all of it");
    const lines = await stage.lines(page);
    const counted = lines.map((line) => /^line (\d+) of the output$/.exec(line)?.[1]).filter((number) => number !== undefined);
    assert.deepEqual(counted.map(Number), Array.from({ length: 600 }, (_, at) => at + 1), "every line once, in order");
    assert.equal(await stage.screen(page), (await stage.cf("screen", "long")).trimEnd());
    await page.keyboard.type("still here\n");
    await stage.shows(page, "still here");
    await page.getByText("Connection lost").waitFor({ state: "hidden" });
    // Who controlled the session controls it again.
    await page.getByRole("button", { name: "Release" }).waitFor();
    const controls = async () => JSON.parse(await stage.cf("show", "long", "--json")).clients.some(({ control }) => control);
    await stage.until("the session is controlled", controls);
  },

  async a_server_that_says_nothing_is_noticed_and_waited_for(stage) {
    await stage.start("silent", "exec cat");
    const page = await stage.tab(await stage.person());
    // A minute is over when the story says so.
    await page.clock.install();
    await stage.logIn(page);
    await stage.enter(page, "silent");
    const type = async (text) => {
      await page.locator(".frame textarea").focus();
      await page.keyboard.type(`${text}\n`);
      await stage.shows(page, text);
    };
    const lost = page.getByText("Connection lost; the session goes on");
    const asked = [];
    page.on("websocket", (socket) => asked.push(socket.url()));
    await type("first");
    // Whoever comes back from another network asks, and stays where he is answered.
    const answered = new Promise((resolve) => {
      page.once("websocket", () => resolve("a new connection"));
      setTimeout(resolve, 1_000, "the same connection");
    });
    await page.evaluate(() => dispatchEvent(new Event("online")));
    assert.equal(await answered, "the same connection");
    for (const [what, asks, wait] of [["a minute without a word", false, 61_000], ["a question without an answer", true, 11_000]]) {
      stage.server.kill("SIGSTOP");
      // A word that was on its way when the server stopped is one, too, and the time begins again with it.
      for (let again = 4, told = false; again > 0 && !told; again -= 1) {
        if (asks) await page.evaluate(() => dispatchEvent(new Event("online")));
        await page.clock.fastForward(wait);
        told = await lost.waitFor({ timeout: 5_000 }).then(() => true, () => false);
      }
      await lost.waitFor();
      await stage.cf("send", "silent", "--text", what);
      stage.server.kill("SIGCONT");
      await stage.shows(page, what);
      await lost.waitFor({ state: "hidden" });
      await type(`after ${what}`);
    }
    assert.ok(asked.some((url) => /\/ws\/.*from=\d/.test(url)), "it goes on where it was");
  },

  async what_is_typed_before_the_page_is_connected_arrives(stage) {
    await stage.start("hasty", "exec cat");
    const page = await stage.visitor();
    const row = page.locator("a.row", { hasText: "hasty" });
    await row.waitFor();
    stage.server.kill("SIGSTOP");
    await row.click();
    await page.locator(".frame textarea").focus();
    await page.keyboard.type("typed at once");
    stage.server.kill("SIGCONT");
    await stage.shows(page, "typed at once");
    assert.equal(await page.getByText("not sent").count(), 0);
    // Where no connection comes about, nothing is kept for the next: nobody knows what the session shows by then.
    await page.getByRole("link", { name: "Health" }).click();
    stage.server.kill("SIGSTOP");
    await row.click();
    await page.locator(".frame textarea").focus();
    await page.keyboard.type("never");
    stage.server.kill("SIGKILL");
    await page.getByText("What you typed was not sent").waitFor();
    await stage.serve(stage.address);
    await stage.shows(page, "typed at once");
    await page.keyboard.type(", and then");
    await stage.shows(page, "typed at once, and then");
  },

  async a_flood_is_painted_to_its_end(stage) {
    await stage.start("flood", "read line; seq 1 600000; echo all of it; exec cat");
    const page = await stage.visitor();
    await stage.enter(page, "flood");
    await page.locator(".frame textarea").focus();
    await page.keyboard.press("Enter");
    await stage.shows(page, "all of it");
    assert.equal(await stage.screen(page), (await stage.cf("screen", "flood")).trimEnd());
  },

  async a_phone_has_the_keys_it_lacks_and_sends_a_line_as_a_whole(stage) {
    await stage.start("pocket", "stty -echo -icanon; echo ready; exec cat -v");
    const page = await stage.visitor("phone");
    await stage.enter(page, "pocket");
    await stage.shows(page, "ready");
    await page.getByRole("button", { name: "Esc" }).tap();
    await page.getByRole("button", { name: "Up", exact: true }).tap();
    await stage.shows(page, "^[^[[A");
    await page.getByRole("button", { name: "Ctrl" }).tap();
    await page.locator(".frame textarea").focus();
    await page.keyboard.type("b");
    await stage.shows(page, "^B");
    await page.keyboard.type("b");
    await stage.shows(page, "^Bb");
    await page.getByLabel("Message to the program").fill("fix the test");
    await page.getByRole("button", { name: "Send" }).tap();
    await stage.shows(page, "fix the test");
    assert.equal(await page.getByLabel("Message to the program").inputValue(), "");
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.equal(wide, 0, "nothing reaches over the edge");
    const [canvas, frame] = await page.evaluate(() => [".xterm-screen", ".frame"].map((name) => document.querySelector(name).clientWidth));
    assert.ok(canvas <= frame, `the whole terminal is seen: ${canvas} in ${frame}`);
    await page.getByRole("button", { name: "To the sessions" }).tap();
    await page.locator("a.row", { hasText: "pocket" }).waitFor();
  },

  async a_page_types_no_answers_and_who_may_only_look_types_nothing(stage) {
    await stage.start("quiet", "stty -echo -icanon; echo ready; exec cat -v");
    const page = await stage.tab(await stage.person());
    let typed = 0;
    page.on("websocket", (socket) => {
      socket.on("framesent", ({ payload }) => {
        if (typeof payload !== "string") typed += 1;
      });
    });
    await page.goto(stage.link);
    await stage.enter(page, "quiet");
    await stage.shows(page, "ready");
    const questions = "[c [>c [=c [5n [6n [?6n [?996n [4$p [?2026$p [>q [?u [18t [14t [x P$qm\\ P+q544e\\ ]4;1;?\\ ]10;?\\ ]11;?\\ ]12;?\\ ]52;c;?\\";
    await page.evaluate(
      (bytes) => new Promise((done) => globalThis.centerfire.write(bytes, done)),
      questions.split(" ").map((question) => `\x1b${question.replace(/\\$/, "\x1b\\")}`).join(""),
    );
    await page.locator(".frame textarea").focus();
    await page.keyboard.type("x");
    await stage.shows(page, "x");
    assert.equal(typed, 1, "the key, and no answer");
    const looker = await stage.visitor("desk", "view");
    await stage.enter(looker, "quiet");
    await looker.getByText("watching only").waitFor();
    assert.equal(await looker.getByRole("button", { name: "Take control" }).count(), 0);
    await looker.locator(".frame textarea").focus();
    await looker.keyboard.type("zzz");
    await page.keyboard.type("y");
    await stage.shows(looker, "xy");
  },
});
