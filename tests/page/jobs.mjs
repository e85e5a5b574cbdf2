// Stories of background jobs: off, at work, failed and tried again, stopped by the budget.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { tell } from "./stage.mjs";
import { Transcript, transcripts } from "./transcript.mjs";
import { fits, usable } from "./usable.mjs";

const HOSTILE = "<img src=x onerror=alert(1)>";
const HOUR_MS = 3_600_000;

/** A server that speaks as the Messages API does; what it refuses is told by its words. */
const model = { refuses: "Roof", asked: 0 };
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (data) => (body += data));
  request.on("end", () => {
    model.asked += 1;
    if (body.includes(model.refuses)) {
      response.writeHead(400).end(JSON.stringify({ type: "error", error: { type: "invalid_request_error", message: `too steep ${HOSTILE}` } }));
      return;
    }
    const input = { title: body.includes("Roof") ? "Slates for the roof" : `Apples ${HOSTILE}`, summary: "It went well.", decisions: [], todos: [] };
    response.end(JSON.stringify({ stop_reason: "tool_use", usage: { input_tokens: 2_000, output_tokens: 300 }, content: [{ type: "tool_use", name: "report", input }] }));
  });
});

const story = process.argv[2];
// It is there before the server looks.
transcripts();
if (story !== "jobs_that_are_off_say_how_to_turn_them_on") {
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  process.env.CENTERFIRE_JOBS_ENDPOINT = `http://127.0.0.1:${server.address().port}`;
}
if (story === "a_budget_that_is_used_up_is_told") process.env.CENTERFIRE_JOBS_DAILY_BUDGET = "0.001";

const at = (stage, path) => `http://${stage.address}${path}`;

function talk(name, began_ms, words) {
  const talk = new Transcript(name, began_ms);
  talk.user(words);
  talk.says("Well then.");
  talk.write();
}

const stories = {
  async jobs_that_are_off_say_how_to_turn_them_on(stage) {
    for (const kind of ["desk", "phone"]) {
      const page = await stage.visitor(kind);
      await page.getByRole("link", { name: "Jobs" }).click();
      const main = page.getByRole("main", { name: "Jobs" });
      await main.getByText("key_env: CENTERFIRE_KEY").waitFor();
      await main.getByText("No conversation was read by a model yet.").waitFor();
      assert.equal(await main.getByRole("button", { name: /Do now|Try/ }).count(), 0);
      await everywhere(page, `jobs that are off, ${kind}`);
    }
  },

  async jobs_are_done_and_tried_again_on_the_page(stage) {
    // The one of just now is read when somebody asks for it, the other by itself.
    talk("orchard", Date.now(), "Where do the apples go?");
    talk("roof", Date.now() - HOUR_MS, "Roof or tent?");
    const page = await stage.visitor();
    page.on("dialog", (dialog) => stage.faults.push(`a dialog: ${dialog.message()}`));
    await page.goto(at(stage, "/jobs"));
    const row = (name) => page.getByRole("row", { name });
    await row("Roof or tent?").getByText("given up").waitFor();
    await row("Roof or tent?").getByText("too steep <img").waitFor();
    await page.getByRole("button", { name: "Do now what is to do" }).click();
    await row("Apples <img").getByText("done", { exact: true }).waitFor();
    await row("Apples <img").getByText("$0.0035").waitFor();
    await page.getByRole("meter", { name: "Budget of the day, used" }).waitFor();
    await everywhere(page, "jobs");
    assert.equal(await page.locator("img").count(), 0);
    model.refuses = "nothing at all";
    await page.getByRole("button", { name: "Try again: Roof or tent?" }).click();
    await row("Slates for the roof").getByText("done", { exact: true }).waitFor();
    assert.equal(model.asked, 3);
    await row("Slates for the roof").getByRole("link").click();
    await page.locator(".chat-title .by-model").waitFor();
    // What it made is found, and told as what it is.
    await page.goto(at(stage, "/search?q=slates"));
    const hit = page.locator(".hit-of", { hasText: "Summary by a model" });
    await hit.waitFor();
    await usable(page, "a summary that was found");
    await hit.getByRole("link").first().click();
    await page.locator(".line", { hasText: "Roof or tent?" }).waitFor();
    // On a phone, and by somebody who may only look.
    const phone = await stage.visitor("phone", "view");
    await phone.goto(at(stage, "/jobs"));
    await phone.getByText("Slates for the roof").waitFor();
    assert.equal(await phone.getByRole("button", { name: /Do now|Try/ }).count(), 0);
    await everywhere(phone, "jobs, phone");
    await phone.getByText("Slates for the roof").tap();
    await phone.locator(".chat-title .by-model").waitFor();
  },

  async a_budget_that_is_used_up_is_told(stage) {
    talk("orchard", Date.now() - HOUR_MS, "Where do the apples go?");
    const page = await stage.visitor();
    await page.goto(at(stage, "/jobs"));
    const status = page.getByRole("status");
    await status.getByText(/Stopped\. Of the day's budget of .* raise jobs\.daily_budget/).waitFor();
    await page.getByText("of $0.001", { exact: true }).waitFor();
    await everywhere(page, "jobs without a budget");
    assert.equal(model.asked, 0);
  },
};

/** Asserts that what is shown can be used by everybody, in both colours. */
async function everywhere(page, what) {
  for (const colours of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme: colours, reducedMotion: "reduce" });
    await usable(page, `${what}, ${colours}`);
  }
  await fits(page, what);
}

await tell(stories);
server.close();
