// What `cargo xtask bench` asks of the page: `node figures.mjs SESSION KEYS` prints, as JSON, how many bytes a browser
// loads before it shows that session, and for each key how many milliseconds it takes from the key to the screen.
import { Stage } from "./stage.mjs";

/** Keys may be this far apart: slow enough for each to be on the screen before the next. */
const SPACING_MS = 20;

const [name, keys] = process.argv.slice(2);
const stage = await Stage.open();
try {
  const page = await stage.tab(await stage.person());
  const network = await page.context().newCDPSession(page);
  await network.send("Network.enable");
  let bytes = 0;
  network.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await stage.logIn(page);
  await stage.enter(page, name);
  const delays = await measure(page, Number(keys));
  process.stdout.write(JSON.stringify({ bytes, delays }));
} finally {
  await stage.close();
}

/** The terminal tells when it has parsed what the program answered; the browser, when a key came. */
async function measure(page, count) {
  await page.evaluate(() => {
    globalThis.delays = [];
    let pressed;
    addEventListener("keydown", (event) => (pressed = event.timeStamp), { capture: true });
    globalThis.centerfire.onWriteParsed(() => {
      if (pressed !== undefined) globalThis.delays.push(performance.now() - pressed);
      pressed = undefined;
    });
  });
  await page.locator(".xterm-helper-textarea").focus();
  for (let key = 0; key < count; key += 1) {
    await page.keyboard.press("x");
    await page.waitForFunction((count) => globalThis.delays.length >= count, key + 1, { polling: 1 });
    await new Promise((resolve) => setTimeout(resolve, SPACING_MS));
  }
  return page.evaluate(() => globalThis.delays);
}
