// How the page is built: into dist/, which the binary embeds (crates/gateway/src/routes/page.rs).
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    // The server's policy lets a page load its own files only; small ones must not become data: addresses.
    assetsInlineLimit: 0,
    // One file of 180 kB, compressed: xterm.js and React, both needed for the first picture.
    chunkSizeWarningLimit: 800,
    modulePreload: { polyfill: false },
  },
});
