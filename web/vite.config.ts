// How the page is built: into dist/, which the binary embeds (crates/gateway/src/routes/page.rs).
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Lays beside each file its compressed form: made once here, and not for each request. */
const compress: Plugin = {
  name: "compress",
  apply: "build",
  closeBundle() {
    const files = readdirSync("dist", { recursive: true, encoding: "utf8" }).filter((file) => /\.(js|css|html|svg)$/.test(file));
    for (const file of files) writeFileSync(join("dist", `${file}.gz`), gzipSync(readFileSync(join("dist", file)), { level: 9 }));
  },
};

export default defineConfig({
  plugins: [react(), compress],
  build: {
    target: "es2022",
    // The server's policy lets a page load its own files only; small ones must not become data: addresses.
    assetsInlineLimit: 0,
    // One file of 180 kB, compressed: xterm.js and React, both needed for the first picture. The other views come when asked for.
    chunkSizeWarningLimit: 800,
    modulePreload: { polyfill: false },
  },
});
