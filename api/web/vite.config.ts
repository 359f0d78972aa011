import { defineConfig } from "vite";

export default defineConfig({
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  // One script and one style sheet; nothing inlined as a data: URL, which the policy forbids.
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  // npm run dev beside an engine on its usual port, or at OEE_URL.
  server: {
    fs: { allow: ["../.."] },
    proxy: Object.fromEntries(
      ["/v1", "/health", "/readyz", "/metrics", "/ws"].map((path) => [
        path,
        { target: process.env.OEE_URL ?? "http://127.0.0.1:3000", ws: path === "/ws" },
      ]),
    ),
  },
});
