import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "e2e",
  outputDir: process.env.OEE_WEB_RESULTS ?? "/tmp/oee-web-results",
  workers: 1, // each test has an engine of its own, and some measure time
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: {
    locale: "en-US",
    timezoneId: "Europe/Berlin",
    viewport: { width: 1280, height: 800 },
    screenshot: "only-on-failure",
    // Debian's; as root it has no sandbox.
    launchOptions: {
      executablePath: process.env.OEE_CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox"],
    },
  },
});
