// Stories of conversations: beside the terminal and the recording, in their list, and found by what was said in them.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { PLAN, QUESTIONS } from "./asker.mjs";
import { tell } from "./stage.mjs";
import { Transcript, everyKind, transcripts } from "./transcript.mjs";
import { fits, usable } from "./usable.mjs";

const HOSTILE = "<img src=x onerror=alert(1)>";
const run = promisify(execFile);

// It is there before the server looks.
transcripts();

/** Starts a program that calls itself Claude Code, in a session of that name, and returns the conversation whose transcript the story writes. */
async function stand_in(stage, name) {
  const conversation = randomUUID();
  const program = join(process.cwd(), "claude");
  writeFileSync(program, '#!/bin/bash\necho ready\nwhile read -r line; do echo "heard $line"; done\n', { mode: 0o755 });
  await stage.cf("run", "--detached", "--name", name, "--", program, "--session-id", conversation);
  return conversation;
}

const at = (stage, path) => `http://${stage.address}${path}`;
const entry = (page, text) => page.locator(".line", { hasText: text });
const stored = (stage, page, name, count) =>
  stage.until(`${name} is taken in`, async () => {
    const answer = await page.request.get(at(stage, `/api/v1/conversations/claude/${name}?limit=1`));
    return answer.ok() && (await answer.json()).entry_count >= count;
  });

const stories = {
  async what_claude_code_says_appears_and_leads_to_the_recording(stage) {
    const { program, project, environment } = JSON.parse(process.env.CLI);
    const env = { ...Object.fromEntries(environment), CENTERFIRE_HOME: process.env.CENTERFIRE_HOME };
    await run(process.env.CENTERFIRE, ["run", "--detached", "--name", "talk", "--", program, "--permission-mode", "acceptEdits"], { cwd: project, env });
    const page = await stage.visitor();
    await stage.enter(page, "talk");
    await page.getByRole("button", { name: "Chat" }).click();
    await page.getByText("No conversation in this session yet").waitFor();
    await stage.cf("wait", "talk", "--for", "idle", "--timeout", "30");
    await stage.cf("send", "talk", "--submit", "[[think:first a thought]] [[write:note.txt|one line]] [[say:The **note** is written.]]");
    await page.locator(".line[data-role=assistant]", { hasText: "The note is written." }).waitFor();
    assert.equal(await page.locator(".line[data-role=assistant] strong", { hasText: "note" }).count(), 1, "it is Markdown");
    await page.locator(".tool", { hasText: "Write" }).locator("summary").click();
    await page.locator(".tool[open] dd", { hasText: "one line" }).waitFor();
    await page.locator(".chat-facts summary", { hasText: "1 turn" }).waitFor();
    // What comes next appears by itself, at the end.
    await stage.cf("wait", "talk", "--for", "idle", "--timeout", "30");
    await stage.cf("send", "talk", "--submit", "[[sleep:300]] [[lorem:300]] [[say:the very end]]");
    await page.locator(".line[data-role=assistant]", { hasText: "the very end" }).waitFor();
    await page.waitForFunction(() => {
      const { scrollTop, scrollHeight, clientHeight } = document.querySelector(".lines");
      return scrollHeight - scrollTop - clientHeight < 2;
    });
    // Its time leads to the recording, where it is set off.
    await page.locator(".line[data-role=assistant]", { hasText: "The note is written." }).locator("a.when").click();
    await page.getByRole("main", { name: "Replay of talk" }).waitFor();
    await page.locator(".line[aria-current=true]").first().waitFor();
    await stage.shows(page, "note.txt");
    await page.keyboard.press("Control+Shift+Y");
    await page.locator(".chat").waitFor({ state: "detached" });
  },

  async the_replay_and_the_conversation_go_together(stage) {
    const told = await stand_in(stage, "told");
    const talk = new Transcript(told);
    const page = await stage.visitor();
    for (const number of [1, 2, 3]) {
      await stage.cf("send", "told", "--submit", `thing ${number}`);
      await stage.until("it is heard", async () => (await stage.cf("screen", "told")).includes(`heard thing ${number}`));
      talk.user(`thing ${number}`);
      talk.says(`I heard thing ${number}, and did it.`);
      talk.write();
    }
    await stored(stage, page, told, 6);
    await stage.enter(page, "told");
    await page.keyboard.press("Control+Shift+Y");
    // A transcript tells of a moment a little before its output is written down.
    await stage.cf("send", "told", "--submit", "more");
    talk.says("And more.");
    talk.write();
    await entry(page, "And more.").waitFor();
    await entry(page, "did it").nth(1).locator("a.when").waitFor();
    await page.reload();
    await entry(page, "I heard thing 3").locator("a.when").click();
    await page.getByRole("main", { name: "Replay of told" }).waitFor();
    const marked = page.locator(".line[aria-current=true]");
    await marked.filter({ hasText: "thing 3" }).waitFor();
    await entry(page, "I heard thing 2").locator("a.when").click();
    await marked.filter({ hasText: "thing 2" }).waitFor();
    assert.match(page.url(), /\/replay\?at=\d+/);
    // Text that is marked in the recording is found in the conversation.
    await page.evaluate(() => {
      const { active } = globalThis.centerfire.buffer;
      const row = Array.from({ length: active.length }, (_, row) => row).find((row) => active.getLine(row).translateToString(true).includes("heard thing 1"));
      globalThis.centerfire.select(0, row, "heard thing 1".length);
    });
    await marked.filter({ hasText: "I heard thing 1" }).waitFor();
    // Before the first word it is at its beginning, and at the end of the recording at its end.
    await page.setViewportSize({ width: 1100, height: 360 });
    const from_top = () => page.locator(".lines").evaluate(({ scrollTop, scrollHeight, clientHeight }) => ({ top: scrollTop, below: scrollHeight - scrollTop - clientHeight }));
    await page.goto(at(stage, "/s/told/replay?at=0"));
    await entry(page, "thing 1").first().waitFor();
    await stage.until("it begins where the recording does", async () => (await from_top()).top === 0 && (await from_top()).below > 100);
    assert.equal(await marked.count(), 0);
    await page.keyboard.press("End");
    await stage.until("it is at the end", async () => (await from_top()).below < 100);
    // On a phone it would hide the recording that was asked for.
    const phone = await stage.visitor("phone");
    await stage.enter(phone, "told");
    // There its conversation is the first that is shown of a session, until somebody chooses the terminal.
    await entry(phone, "I heard thing 2").waitFor();
    await phone.getByRole("button", { name: "More" }).tap();
    await phone.getByRole("menuitem", { name: "Replay" }).tap();
    await phone.getByRole("button", { name: /^(Play|Pause)$/ }).waitFor();
    assert.equal(await phone.locator(".chat").count(), 0);
    await phone.getByRole("button", { name: "Chat" }).tap();
    await entry(phone, "I heard thing 2").locator("a.when").tap();
    await phone.locator(".chat").waitFor({ state: "detached" });
    await stage.shows(phone, "heard thing 1");
    await phone.getByRole("button", { name: "Session", exact: true }).or(phone.getByRole("button", { name: "Live" })).tap();
    await entry(phone, "I heard thing 2").waitFor();
  },

  async what_was_said_is_found_and_opened(stage) {
    const talk = everyKind("found", Date.now() - 60_000);
    const call = talk.calls("Bash", { command: "make marmalade" }, "12 jars");
    talk.write();
    const page = await stage.visitor();
    await stored(stage, page, "found", talk.count - 1);
    await page.keyboard.press("Control+K");
    await page.getByRole("combobox").fill("search conv");
    await page.keyboard.press("Enter");
    await page.getByRole("main", { name: "Search" }).waitFor();
    await page.locator("input[type=search]:focus").waitFor();
    await page.keyboard.type("marmalade");
    await page.locator(".found mark", { hasText: "marmalade" }).waitFor();
    assert.match(page.url(), /\/search\?q=marmalade$/, "the address can be kept");
    await page.getByRole("combobox", { name: "Who" }).selectOption("user");
    await page.getByText("Fewer filters find more").waitFor();
    await page.getByRole("combobox", { name: "Who" }).selectOption("");
    await page.getByRole("textbox", { name: "Tool" }).fill("Bash");
    await page.locator(".found li").waitFor();
    await page.getByRole("textbox", { name: "Command" }).fill("make nothing");
    await page.getByText("Fewer filters find more").waitFor();
    await page.getByRole("textbox", { name: "Command" }).fill("make");
    await page.locator(".found li").waitFor();
    await page.getByRole("textbox", { name: "Command" }).fill("");
    await page.getByRole("searchbox").focus();
    await page.keyboard.press("ArrowDown");
    await page.locator("a.card-of:focus").waitFor();
    await page.keyboard.press("ArrowUp");
    await page.locator("input[type=search]:focus").waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.locator(".line[aria-current=true]", { hasText: "make marmalade" }).waitFor();
    assert.equal(decodeURIComponent(new URL(page.url()).hash), `#${call}`);
    await page.goBack();
    await page.locator(".found mark", { hasText: "marmalade" }).waitFor();
    // One within a sub-agent is unfolded.
    await page.getByRole("searchbox").fill('"no other one"');
    await page.getByRole("textbox", { name: "Tool" }).fill("");
    await page.locator(".found a.card-of", { hasText: "There is no other one" }).click();
    await page.locator(".line[aria-current=true][data-depth='1']", { hasText: "There is no other one" }).waitFor();
    // A recording is opened at the place, where there is one.
    const held = await stand_in(stage, "heard");
    const heard = new Transcript(held);
    heard.user("plums");
    heard.write();
    await stored(stage, page, held, 1);
    heard.says("about plums");
    heard.write();
    await page.goto(at(stage, "/search?q=plums"));
    await stage.until("its place is known", async () => {
      await page.reload();
      await page.locator(".found li").first().waitFor();
      return (await page.locator("a.play-of").count()) > 0;
    });
    await page.locator(".hit-of", { has: page.locator("a.play-of") }).first().locator("a.card-of").focus();
    await page.keyboard.press("r");
    await page.getByRole("main", { name: "Replay of heard" }).waitFor();
  },

  async what_a_tool_mentions_leads_to_where_else_it_comes_up(stage) {
    const [one, other] = [new Transcript("broken", Date.now() - 90_000), new Transcript("before", Date.now() - 900_000)];
    const wrong = "error[E0425]: cannot find value `jar` in this scope\n  --> src/jam.rs:3:5";
    for (const talk of [other, one]) {
      talk.calls("Bash", { command: "cargo test jam" }, wrong, { failed: true });
      talk.calls("Edit", { file_path: "/work/src/jam.rs", old_string: "jar", new_string: "fn pot() {" }, "updated");
      talk.calls("Bash", { command: "cargo test jam" }, "ok");
      talk.write();
    }
    const page = await stage.visitor();
    await stored(stage, page, "broken", 6);
    await stored(stage, page, "before", 6);
    await stage.until("the fix is known", async () => {
      const answer = await page.request.get(at(stage, "/api/v1/relations?kind=fixed_by&of=error&contains=jar"));
      return (await answer.json()).relations.length === 2;
    });
    await page.goto(at(stage, "/conversations/claude/broken"));
    await page.locator(".tool", { hasText: "cargo test jam" }).first().locator("summary").click();
    await page.locator(".mentions a", { hasText: "cannot find value" }).click();
    await page.locator(".found li").nth(1).waitFor();
    assert.equal(await page.locator(".found li").count(), 2, "in both conversations");
    const fixed = page.locator(".relations li", { hasText: "fixed by /work/src/jam.rs" });
    assert.equal(await fixed.count(), 2);
    await usable(page, "what mentions an error");
    // The edit that fixed it, and what else touched its file.
    await fixed.last().locator("a").click();
    await page.locator(".line[aria-current=true] summary").click();
    await page.locator(".mentions a", { hasText: "/work/src/jam.rs" }).click();
    await page.locator(".relations li", { hasText: "defines pot" }).first().waitFor();
    // From there the search is one step.
    await page.getByRole("main").getByRole("link", { name: "Search" }).click();
    await page.locator("input[type=search]:focus").waitFor();
  },

  async what_means_the_same_is_found(stage) {
    const talk = new Transcript("meant");
    talk.user("the kernel killed the worker because no memory was left");
    talk.says("lunch is at noon");
    talk.write();
    const page = await stage.visitor();
    await stored(stage, page, "meant", 2);
    await page.goto(at(stage, "/search?q=process+ran+out+of+RAM"));
    await page.getByText("models list").waitFor();
    await stage.cf("models", "install", fileURLToPath(new URL("../../.tools/minilm/model.whl", import.meta.url)));
    await stage.until("the entries are read", async () => {
      const answer = await page.request.get(at(stage, "/api/v1/search?mode=meaning&q=lunch"));
      return answer.ok() && (await answer.json()).note === undefined;
    });
    await page.getByRole("combobox", { name: "How" }).selectOption("meaning");
    await page.locator(".found li", { hasText: "killed the worker" }).getByText("by meaning").waitFor();
    await page.goto(at(stage, "/search?q=process+ran+out+of+RAM"));
    await page.getByText("No entry has these words; these may mean the same").waitFor();
    await page.getByRole("searchbox").fill("lunch noon");
    await page.getByText(/^\d+ hits?/).waitFor();
    await page.goto(at(stage, "/search?q=process+ran+out+of+RAM&mode=meaning"));
    await page.getByText(/^\d+ hits?/).waitFor();
    assert.match(page.url(), /mode=meaning/, "the address can be kept");
    await page.getByRole("combobox", { name: "How" }).selectOption("words");
    await page.getByText("All words must be in one entry").waitFor();
  },

  async twenty_thousand_entries_stay_usable(stage) {
    const talk = new Transcript("long", Date.now() - 30_000_000);
    for (let turn = 1; talk.count < 20_000; turn += 1) {
      talk.user(`Question ${turn}`);
      for (let part = 0; part < 4; part += 1) {
        talk.calls("Bash", { command: `echo ${turn} ${part}` }, `${turn} ${part}`);
        talk.says(`Answer ${turn}.${part}, **briefly**.\n\n- one\n- two`);
      }
    }
    talk.says("the last of all");
    talk.write();
    const page = await stage.visitor();
    await stored(stage, page, "long", talk.count);
    await page.goto(at(stage, "/conversations/claude/long"));
    await entry(page, "the last of all").waitFor();
    const few = async () => assert.ok((await page.locator(".line").count()) <= 220, "the page has but some lines of it");
    await few();
    // Scrolling up fetches more, and what is seen does not jump.
    const box = page.locator(".lines");
    await box.hover();
    const shown = () => box.evaluate((box) => [...box.querySelectorAll(".turn")].findLast((line) => line.getBoundingClientRect().top < innerHeight / 2)?.firstChild.textContent.slice("Turn ".length));
    const begun = Number(await shown());
    const scrolled = (what, by, is_there) =>
      stage.until(what, async () => {
        await page.mouse.wheel(0, by);
        return is_there(Number(await shown()));
      });
    await scrolled("earlier turns are there", -4_000, (turn) => turn < begun - 50);
    await few();
    await page.getByRole("button", { name: "To the end" }).waitFor();
    // What comes meanwhile moves nothing.
    const before = await shown();
    talk.says("one more came");
    talk.write();
    await stored(stage, page, "long", talk.count);
    assert.equal(await shown(), before);
    await page.getByRole("button", { name: "To the end" }).click();
    await entry(page, "one more came").waitFor();
    // An entry of the beginning is gone to at once.
    await page.goto(at(stage, `/conversations/claude/long#${encodeURIComponent("claude:long-20")}`));
    await page.reload();
    await page.locator(".line[aria-current=true]").waitFor();
    await few();
    await box.hover();
    await scrolled("later turns are there", 4_000, (turn) => turn > 60);
    await page.getByRole("button", { name: "To the end" }).click();
    await entry(page, "one more came").waitFor();
    talk.says("and stays at the end");
    talk.write();
    await entry(page, "and stays at the end").waitFor();
  },

  async a_message_is_sent_from_below_the_conversation(stage) {
    await stand_in(stage, "told");
    const page = await stage.visitor();
    await stage.enter(page, "told");
    await stage.shows(page, "ready");
    await page.getByRole("button", { name: "Chat" }).click();
    const message = page.locator(".beside").getByLabel("Message to the program");
    await message.fill("what next?");
    await page.keyboard.press("Enter");
    await stage.shows(page, "heard what next?");
    assert.equal(await message.inputValue(), "");
    await message.fill("and then?");
    await page.getByRole("button", { name: "Send" }).click();
    await stage.shows(page, "heard and then?");
    // That takes no control of the session's size.
    await page.getByRole("button", { name: "Take control" }).waitFor();
    assert.equal(JSON.parse(await stage.cf("show", "told", "--json")).size.cols, 80);
    const looker = await stage.visitor("desk", "view");
    await stage.enter(looker, "told");
    await looker.getByRole("button", { name: "Chat" }).click();
    await looker.locator(".chat").waitFor();
    assert.equal(await looker.getByLabel("Message to the program").count(), 0);
  },

  async calls_and_words_are_told_as_people_put_them(stage) {
    const talk = new Transcript("told", Date.now() - 60_000);
    talk.user('\n\n<pasted_content id="cac4">\n    First of all\n\n\tthe second line\n</pasted_content id="cac4">\n');
    talk.calls("AskUserQuestion", QUESTIONS, "Answered");
    talk.calls("ExitPlanMode", PLAN, "Approved");
    talk.calls("Bash", { command: "git push" }, "not on a Friday", { failed: true, fields: { toolDenialKind: "user-rejected" } });
    talk.calls("Bash", { command: "git pull" }, "Exit code 1\nPermission denied by hook", { failed: true });
    talk.write();
    const page = await stage.visitor();
    await stored(stage, page, "told", talk.count);
    await page.goto(at(stage, "/conversations/claude/told"));
    // What somebody typed is shown as he typed it.
    assert.equal(await page.locator(".line[data-role=user] .typed").innerText(), "    First of all\n\n\tthe second line");
    assert.match(await page.locator(".chat-title h2").innerText(), /^First of all/);
    const call = (text) => page.locator(".tool", { hasText: text });
    await call("Which database shall it use? What else?").locator("summary").click();
    await page.getByText("SQLite · Redis · PostgreSQL").waitFor();
    await call("ExitPlanMode").locator(".tool-brief", { hasText: /^Retry with a limit$/ }).waitFor();
    await call("ExitPlanMode").locator("summary").click();
    await page.locator(".tool[open] .markdown strong", { hasText: "twice as long" }).waitFor();
    const search = await stage.tab(page.context());
    await search.goto(at(stage, "/search?q=second+line"));
    await search.locator(".snippet", { hasText: "the second line" }).waitFor();
    assert.equal(await search.getByText("pasted_content").count(), 0);
    // A no is none of a tool's failures.
    assert.equal(await call("git push").locator(".tool-end").innerText(), "denied");
    assert.equal(await call("git push").getAttribute("data-failed"), "false");
    assert.equal(await call("git pull").locator(".tool-end").innerText(), "failed");
    await call("git push").locator("summary").click();
    await page.locator(".result h4", { hasText: "Denied" }).waitFor();
    await usable(page, "calls, told");
  },

  async hostile_words_are_words(stage) {
    const talk = new Transcript("hostile", Date.now() - 60_000);
    const words = `${HOSTILE} [click](javascript:alert(1)) ![p](http://127.0.0.1:9/p.png) \u001b]0;title\u0007 \u001b[31mred\u001b[0m \u202egnp.exe`;
    talk.user(words);
    talk.says(words);
    talk.thinks(words);
    talk.calls(HOSTILE, { [HOSTILE]: words, file_path: HOSTILE, old_string: words, new_string: `${words}\n` }, words, { failed: true });
    talk.line("assistant", { isApiErrorMessage: true, message: { model: "<synthetic>", content: [{ type: "text", text: words }] } });
    talk.user([{ type: "image", source: { type: "base64", media_type: "image/svg+xml", data: "PHN2Zy8+" } }]);
    talk.line(HOSTILE, { words });
    talk.write();
    const page = await stage.visitor();
    page.on("dialog", (dialog) => stage.faults.push(`a dialog: ${dialog.message()}`));
    const asked = [];
    page.on("request", (request) => new URL(request.url()).host === stage.address || asked.push(request.url()));
    await stored(stage, page, "hostile", talk.count);
    await page.goto(at(stage, "/conversations/claude/hostile"));
    await entry(page, "Record of an unknown kind").waitFor();
    for (const line of await page.locator(".tool > summary").all()) await line.click();
    await page.locator(".tool[open] pre", { hasText: "onerror" }).first().waitFor();
    assert.equal(await page.locator("img").count(), 0);
    assert.equal(await page.locator("a[href^='javascript']").count(), 0);
    const shown = await page.locator(".line[data-role=user]").first().innerText();
    assert.ok(shown.includes(HOSTILE) && shown.includes("␛]0;title␇") && shown.includes("⟨U+202E⟩gnp.exe") && shown.includes(" red "), shown);
    await page.goto(at(stage, "/search?q=onerror"));
    await page.locator(".found mark").first().waitFor();
    await page.goto(at(stage, "/conversations"));
    await page.locator(".card-of", { hasText: HOSTILE }).waitFor();
    assert.equal(await page.locator("img").count(), 0);
    assert.deepEqual(asked, [], "nothing is fetched from elsewhere");
  },

  async what_a_model_made_is_marked_as_that(stage) {
    const told = { title: `Rounding ${HOSTILE}`, summary: `It rounds twice. ${HOSTILE}`, decisions: [{ entry: 1, text: "Whole cents." }], todos: [] };
    const model = createServer((request, response) => {
      request.resume().on("end", () => response.end(JSON.stringify({ stop_reason: "tool_use", usage: { input_tokens: 9, output_tokens: 9 }, content: [{ type: "tool_use", name: "report", input: told }] })));
    });
    await new Promise((listening) => model.listen(0, "127.0.0.1", listening));
    const talk = new Transcript("till", Date.now() - 3_600_000);
    talk.user("Why does the till lose cents?");
    talk.says("It rounds twice.");
    talk.write();
    const page = await stage.visitor();
    await stored(stage, page, "till", talk.count);
    await stage.cf("jobs", "run", "--set", `jobs.endpoint=http://127.0.0.1:${model.address().port}`);
    model.close();
    await page.goto(at(stage, "/conversations"));
    const card = page.locator(".card-of", { hasText: "Rounding <img" });
    await card.getByText("by a model").waitFor();
    await usable(page, "a title by a model");
    await card.click();
    await page.locator(".chat-title .by-model").waitFor();
    await page.locator(".chat-facts > summary", { hasText: "It rounds twice. <img" }).click();
    await page.locator(".made", { hasText: "By claude-haiku-4-5" }).getByRole("link", { name: "Whole cents." }).click();
    await entry(page, "It rounds twice.").last().waitFor();
    assert.ok(page.url().endsWith(`#${encodeURIComponent("claude:till-2")}`), page.url());
    assert.equal(await page.locator("img").count(), 0);
    await usable(page, "a summary by a model");
  },

  async conversations_can_be_read_by_everybody(stage) {
    const page = await stage.visitor();
    await page.goto(at(stage, "/conversations"));
    await page.getByText("No conversation yet").waitFor();
    await usable(page, "no conversation");
    everyKind("kinds", Date.now() - 3_600_000).write();
    await page.locator(".card-of", { hasText: "The parser drops" }).waitFor();
    everyKind(await stand_in(stage, "beside"), Date.now()).write();
    await page.goto(at(stage, "/conversations/claude/nobody"));
    await page.getByText("there is no such conversation").waitFor();
    await usable(page, "a conversation that is not there");
    // The browser itself reports the answer that the story wanted.
    stage.faults = stage.faults.filter((fault) => !fault.includes("404"));
    await every_view(stage, "desk");
  },

  async a_phone_shows_conversations(stage) {
    everyKind("kinds", Date.now() - 3_600_000).write();
    everyKind(await stand_in(stage, "beside"), Date.now()).write();
    await every_view(stage, "phone");
  },
};

/** Asserts that each view of conversations can be used by everybody, in both colours. */
async function every_view(stage, kind) {
  const page = await stage.visitor(kind);
  await stored(stage, page, "kinds", 27);
  const views = {
    "/conversations": () => page.locator(".card-of").first().waitFor(),
    "/conversations/claude/kinds": async () => {
      const failed = page.locator(".line", { has: page.locator(".tool[data-failed=true]") });
      await failed.hover();
      const [end, when] = [await failed.locator(".tool-end").boundingBox(), await failed.locator(".when").boundingBox()];
      // A phone shows the time where a call is unfolded.
      assert.ok(when === null || end.x + end.width <= when.x || end.y + end.height <= when.y, `${JSON.stringify(end)} lies under its time, ${JSON.stringify(when)}`);
      await page.locator(".agent").click();
      for (const line of await page.locator(".tool > summary").all()) await line.click();
      await page.locator(".chat-facts summary").click();
      const lefts = await page.locator(".chat-facts dd").evaluateAll((values) => new Set(values.map((value) => value.getBoundingClientRect().left)).size);
      assert.equal(lefts, 1, "the facts stand below each other");
      await page.locator(".diff .added").first().waitFor();
    },
    "/search?q=line": () => page.locator(".found mark").first().waitFor(),
    "/s/beside": async () => {
      if (kind !== "phone") await page.getByRole("button", { name: "Chat" }).click();
      await entry(page, "counts two lines now").waitFor();
      // On a phone it has the terminal's place, which keeps its size.
      const covered = await page.evaluate(() => document.querySelector(".chat").getBoundingClientRect().left <= document.querySelector(".frame").getBoundingClientRect().left);
      assert.equal(covered, kind === "phone");
      assert.ok((await page.evaluate(() => globalThis.centerfire.cols)) === 80);
    },
    "/s/beside/replay": async () => {
      await page.getByRole("button", { name: /^(Play|Pause)$/ }).waitFor();
      if (kind === "phone") await page.getByRole("button", { name: "Chat" }).tap();
      await page.locator(".line").first().waitFor();
    },
  };
  for (const [path, ready] of Object.entries(views)) {
    await page.goto(at(stage, path));
    await ready();
    for (const colours of ["dark", "light"]) {
      await page.emulateMedia({ colorScheme: colours, reducedMotion: "reduce" });
      await usable(page, `${path}, ${kind}, ${colours}`);
    }
    await fits(page, `${path}, ${kind}`);
  }
}

await tell(stories);
