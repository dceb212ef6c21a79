// Checks and tests of the built package: in Node, and the crate and the page in a browser.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { switches } from './browser.mjs'
import { face } from './build.mjs'
import * as counts from './counts.mjs'
import { addressIn } from './page.mjs'
import { inRoot } from './paths.mjs'
import { judged, StepError } from './report.mjs'
import { limits, sizesOf } from './size.mjs'

/**
 * Runs the Node tests of the packed npm package, checks its sizes, and runs the benchmarks shortly.
 */
export async function packageTests(report, env) {
  await report.step('package tests (Node)', { needs: [face] }, step =>
    step.tests(counts.node, 'npm', ['test', '--workspace', 'pkg'], { env }),
  )
  const benchTests = readdirSync(inRoot('bench', 'tests')).map(name => inRoot('bench', 'tests', name))
  await report.step('benchmarks (one short run)', { needs: [face] }, step =>
    step.tests(counts.node, process.execPath, ['--test', '--test-reporter=tap', ...benchTests], { env }),
  )
  await report.step('real clients', { needs: [face, 'Mosquitto'] }, step =>
    step.tests(counts.node, 'npm', ['run', 'test:real', '--workspace', 'pkg'], { env }),
  )
  await report.step('interop (real brokers)', { needs: [face, 'Mosquitto'] }, step =>
    step.tests(counts.node, 'npm', ['run', 'test:interop', '--workspace', 'pkg'], { env }),
  )
  await report.step('capture files (tshark)', { needs: [face, 'tshark'] }, step =>
    step.tests(counts.node, 'npm', ['run', 'test:tshark', '--workspace', 'pkg'], { env }),
  )
  for (const { entry, name, bytes, parts } of limits) {
    await report.step(`size, ${name}`, { needs: [face] }, async step => {
      const sizes = sizesOf(entry)
      // Each part has a limit.
      const unbound = Object.keys(sizes.parts).filter(part => !(part in parts))
      if (unbound.length > 0)
        throw new StepError(`no limit for ${unbound.join(', ')}, which ${entry} imports by a call`)
      return sizeWithin(step, sizes.atOnce, bytes)
    })
    for (const [part, bytes] of Object.entries(parts)) {
      await report.step(`size, ${part}, when used`, { needs: [face] }, step =>
        sizeWithin(step, sizesOf(entry).parts[part], bytes),
      )
    }
  }
}

/** Builds the examples, and runs them in Chromium and in each runtime. */
export async function exampleTests(report, env) {
  await report.step('examples', { needs: [face, 'Chromium', "examples' packages"] }, step =>
    step.tests(counts.node, 'npm', ['run', 'test:examples', '--workspace', 'pkg'], { env, minutes: 20 }),
  )
}

async function sizeWithin(step, sizes, most) {
  for (const { file, bytes } of sizes) step.log(`${String(bytes).padStart(8)} ${file}\n`)
  const sum = sizes.reduce((total, { bytes }) => total + bytes, 0)
  const note = `${(sum / 1000).toFixed(1)} of at most ${most / 1000} KB gzip`
  return sum <= most ? { passed: 1, note } : { failed: 1, note }
}

/**
 * Runs tests/web.rs in headless Chromium and, where there is one, in Firefox, under each build's
 * features.
 */
export async function browserTests(report, env) {
  for (const feature of ['client', 'broker']) {
    for (const browser of [chrome(env), ...(env.GECKODRIVER ? [gecko(env)] : [])]) {
      const needs = ['wasm-pack', 'wasm-bindgen-cli', 'wasm-bindgen versions', browser.name]
      const name = `wasm-pack test with ${feature} in ${browser.name}`
      await report.step(name, { needs }, step =>
        inTemporaryFolder(folder => browserTest(step, { env, browser, feature, folder })),
      )
    }
  }
}

function browserTest(step, { env, browser, feature, folder }) {
  const args = ['test', '--mode', 'no-install', '--headless', ...browser.args, '.']
  return step.tests(counts.cargo, 'wasm-pack', [...args, '--locked', '--test', 'web', '--features', feature], {
    env: {
      ...env,
      WASM_BINDGEN_TEST_WEBDRIVER_JSON: fileWith(folder, browser.capabilities(folder)),
      WASM_BINDGEN_TEST_TIMEOUT: '120',
    },
    minutes: 20,
  })
}

// `capabilities` tells the driver which browser to start, and how.
const chrome = env => ({
  name: 'Chromium',
  args: ['--chrome', '--chromedriver', env.CHROMEDRIVER],
  capabilities(folder) {
    const args = ['headless=new', `user-data-dir=${join(folder, 'profile')}`, ...switches.map(name => name.slice(2))]
    return { 'goog:chromeOptions': { binary: env.WASMQTT_CHROMIUM, args } }
  },
})

const gecko = env => ({
  name: 'Firefox',
  args: ['--firefox', '--geckodriver', env.GECKODRIVER],
  capabilities: () => ({ 'moz:firefoxOptions': { binary: env.WASMQTT_FIREFOX, args: ['-headless'] } }),
})

/** Writes a value as JSON into a folder, and returns the file's path. */
function fileWith(folder, value) {
  const file = join(folder, 'webdriver.json')
  writeFileSync(file, JSON.stringify(value))
  return file
}

/**
 * Builds the page, serves it by `npm start`, and runs its tests in a browser with a real broker.
 */
export async function pageTests(report, env) {
  await report.step('page, built', { needs: [face] }, step =>
    step.check('npm', ['run', 'build', '--workspace', 'www'], { env }),
  )
  await report.step('page, served by npm start', { needs: [face] }, step => served(step, env))
  await report.step('page tests (Playwright)', { needs: [face, 'Chromium', 'Mosquitto'] }, step =>
    inTemporaryFolder(async folder => {
      const file = join(folder, 'report.json')
      const { code } = await step.try('playwright', ['test', '--reporter=list,json'], {
        cwd: inRoot('www'),
        env: { ...env, PLAYWRIGHT_JSON_OUTPUT_NAME: file, PLAYWRIGHT_JSON_OUTPUT_FILE: file },
        minutes: 20,
        progress: line => /^\s*[✓✘-]\s+(\d+ .*)/.exec(line)?.[1],
      })
      return judged(code, readReport(file))
    }),
  )
}

function readReport(file) {
  try {
    return counts.playwright(readFileSync(file, 'utf8'))
  } catch {
    throw new StepError('Playwright wrote no report')
  }
}

/** Starts the page as a user does, and fetches it from the address that is printed. */
async function served(step, env) {
  let check
  const { code } = await step.try(process.execPath, [inRoot('scripts', 'start.mjs'), '--no-open', '--port', '0'], {
    env,
    minutes: 5,
    onLine: (line, stop) => {
      const address = addressIn(line)
      // It is awaited below. Until then a failure is not an unhandled one.
      if (address) check = fetchPage(address).finally(stop)
      check?.catch(() => {})
    },
  })
  if (!check) throw new StepError(`npm start ended with exit code ${code} before it printed an address`)
  return check
}

/** Fetches the page and the modules with which it starts. */
async function fetchPage(address) {
  const html = await fetchText(address, 'text/html')
  const script = /<script\b[^>]*\btype="module"[^>]*\bsrc="([^"]+)"/g
  const modules = [...html.matchAll(script)].map(([, src]) => src)
  if (modules.length === 0) throw new StepError(`${address} has no module script`)
  for (const src of modules) await fetchText(new URL(src, address), 'javascript')
  return { passed: 1 }
}

async function fetchText(address, type) {
  const response = await fetch(address, { signal: AbortSignal.timeout(30_000) })
  const found = response.headers.get('content-type') ?? ''
  if (!response.ok || !found.includes(type)) throw new StepError(`${address}: ${response.status} ${found}`)
  return response.text()
}

async function inTemporaryFolder(action) {
  const folder = mkdtempSync(join(tmpdir(), 'wasmqtt-'))
  try {
    return await action(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
