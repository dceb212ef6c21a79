import { defineConfig, devices } from '@playwright/test'
import { findChromium, switches } from '../scripts/lib/browser.mjs'

const executablePath = findChromium()

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  snapshotPathTemplate: 'tests/scenes/{arg}{ext}',
  // A test that passes only when tried again has not passed.
  retries: 0,
  workers: 2,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: 'list',
  use: {
    ...devices['Desktop Chrome'],
    viewport: { width: 1280, height: 900 },
    // Tests replace files of the pages; the tests of the worker itself allow it.
    serviceWorkers: 'block',
    contextOptions: { reducedMotion: 'reduce' },
    launchOptions: { args: switches, ...(executablePath === undefined ? {} : { executablePath }) },
    trace: 'retain-on-failure',
  },
})
