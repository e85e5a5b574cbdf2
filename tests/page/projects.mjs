// Stories of projects: their list, and one of them.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tell } from "./stage.mjs";
import { Transcript, transcripts } from "./transcript.mjs";
import { fits, usable } from "./usable.mjs";

const HOSTILE = "<img src=x onerror=alert(1)>";

// It is there before the server looks.
transcripts();

const at = (stage, path) => `http://${stage.address}${path}`;

/** A repository in which something was said and done, a folder with a hostile name, and a session that waits. */
async function work(stage) {
  const orchard = join(process.cwd(), "orchard");
  mkdirSync(join(orchard, ".git"), { recursive: true });
  writeFileSync(join(orchard, ".git", "HEAD"), "ref: refs/heads/main\n");
  const hostile = join(process.cwd(), HOSTILE.replaceAll("/", ""));
  mkdirSync(hostile);
  const fields = { cwd: orchard };
  const talk = new Transcript("orchard-talk", Date.now() - 3_600_000);
  talk.user("Where do the apples go?", fields);
  for (const name of ["tree.rs", "tree.rs", "crate.rs"]) talk.calls("Edit", { file_path: join(orchard, "src", name), old_string: "a", new_string: "b" }, "done", { fields });
  talk.calls("Bash", { command: "make cider" }, "no apples", { failed: true, fields });
  talk.says("Into crates. TODO: label the crates", fields);
  talk.write();
  const other = new Transcript("hostile-talk", Date.now() - 7_200_000);
  other.user(HOSTILE, { cwd: hostile });
  other.calls("Bash", { command: HOSTILE }, "no", { failed: true, fields: { cwd: hostile } });
  other.write();
  const blocked = "printf '\\033]7501;state=blocked:kind=permission:app=picker\\033\\\\'; echo ready; sleep 600";
  await stage.cf("run", "--detached", "--name", "picker", "--cwd", orchard, "--", "bash", "-c", blocked);
  await stage.cf("wait", "picker", "--for", "blocked", "--timeout", "20");
  return { orchard, hostile };
}

const stories = {
  async projects_are_listed_and_one_is_looked_at(stage) {
    const { orchard } = await work(stage);
    const page = await stage.visitor();
    await page.goto(at(stage, "/"));
    await page.getByRole("link", { name: "Projects" }).click();
    const row = page.getByRole("row", { name: /orchard/ });
    await row.waitFor();
    await row.getByText("waits for you").waitFor();
    assert.equal((await page.getByRole("row").count()) - 1, 2);
    const box = (of) => of.boundingBox();
    for (const width of [1400, 820]) {
      await page.setViewportSize({ width, height: 680 });
      const [search, table] = [await box(page.getByRole("searchbox")), await box(page.locator("table"))];
      assert.equal(search.x + search.width, table.x + table.width, "both end at one line");
      assert.ok((await box(row.getByText("waits for you"))).height < 24, "no word is broken");
    }
    await page.getByRole("searchbox").fill("nothing at all");
    await page.getByText("None fits").waitFor();
    await page.getByRole("searchbox").fill("orch");
    await row.getByRole("link").click();
    const main = page.getByRole("main", { name: "orchard" });
    await main.waitFor();
    assert.match(page.url(), /\/projects\/[0-9a-f]{16}$/);
    const part = (name) => main.getByRole("region", { name, exact: true });
    await part("Files most touched").getByText("src/tree.rs").waitFor();
    await part("Files most touched").getByText("written 2×").waitFor();
    await part("Commands that failed").getByText("make cider").waitFor();
    await part("Left to do").getByText("label the crates").waitFor();
    await part("Cost by model").getByText("claude-opus-5-5").waitFor();
    await main.getByRole("img", { name: /^Cost: .* in the last 30 days/ }).waitFor();
    await main.getByTitle(orchard, { exact: true }).waitFor();
    // What waits leads to its session, and a conversation to its words.
    await part("Latest conversations").getByRole("link", { name: "Where do the apples go?" }).click();
    await page.locator(".line", { hasText: "Into crates." }).waitFor();
    await page.getByRole("meter", { name: "Window in use" }).waitFor();
    await page.goBack();
    await main.getByRole("list", { name: "Waits for you" }).getByRole("link", { name: "picker" }).click();
    await stage.shows(page, "ready");
    const name = await page.locator("main h2").evaluate(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth && clientWidth > 0);
    assert.ok(name, "a window of 820 pixels has room for the session's name");
    await page.setViewportSize({ width: 1100, height: 680 });
    await page.keyboard.press("Control+Shift+K");
    await page.getByRole("combobox").fill("projects");
    await page.keyboard.press("Enter");
    await page.getByRole("main", { name: "Projects" }).waitFor();
    await stage.cf("kill", "picker");
  },

  async projects_can_be_read_by_everybody(stage) {
    const page = await stage.visitor();
    await page.goto(at(stage, "/projects"));
    await page.getByText("No project yet").waitFor();
    await usable(page, "no project");
    await page.goto(at(stage, "/projects/nobody"));
    await page.getByText("there is no such project").waitFor();
    await usable(page, "a project that is not there");
    // The browser itself reports the answer that the story wanted, each time that the page asks.
    await page.close();
    stage.faults = stage.faults.filter((fault) => !fault.includes("404"));
    await work(stage);
    for (const kind of ["desk", "phone"]) {
      const page = await stage.visitor(kind);
      page.on("dialog", (dialog) => stage.faults.push(`a dialog: ${dialog.message()}`));
      await page.goto(at(stage, "/projects"));
      const all = page.locator(".projects a.name");
      await stage.until("both are there", async () => {
        await page.reload();
        await all.first().waitFor();
        return (await all.count()) === 2;
      });
      await everywhere(page, `projects, ${kind}`);
      for (const name of ["orchard", "onerror"]) {
        await all.filter({ hasText: name }).click();
        await page.locator(".part li").first().waitFor();
        await everywhere(page, `${name}, ${kind}`);
        assert.equal(await page.locator("img").count(), 0);
        await page.getByRole("button", { name: "To the projects" }).click();
      }
    }
    await stage.cf("kill", "picker");
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
