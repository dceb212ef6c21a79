// `npm test`: sets up what is missing and runs every check and test; `--quick` runs the part that
// takes under a minute.

import { brokers, setUpBroker } from './lib/brokers.mjs'
import { setUpChromiumAndDriver } from './lib/browser.mjs'
import { buildPackage, setUpBuild } from './lib/build.mjs'
import { quickChecks, rustChecks, sourceChecks, typeChecks } from './lib/checks.mjs'
import { browserTests, exampleTests, packageTests, pageTests } from './lib/checks-web.mjs'
import { setUpExamples } from './lib/examples.mjs'
import { setUpFirefox } from './lib/firefox.mjs'
import { setUpMosquitto } from './lib/mosquitto.mjs'
import { readOptions } from './lib/options.mjs'
import { setUpPaho } from './lib/python.mjs'
import { apiReference } from './lib/reference.mjs'
import { Report } from './lib/report.mjs'
import { setUpTshark } from './lib/tshark.mjs'

const usage = `npm test -- [--quick] [--verbose]

  --quick    the native tests and lints, the TypeScript checks, the scripts' own tests; no browser, and
             WebAssembly is built only where there is none
  --verbose  show all output of all steps`

const options = readOptions({ quick: { type: 'boolean' }, verbose: { type: 'boolean' } }, usage)
const report = new Report(options)
if (options.quick) await quick()
else await everything()
process.exitCode = report.close()

async function quick() {
  const env = await setUpBuild(report)
  await sourceChecks(report, env)
  await quickChecks(report, env)
  await buildPackage(report, env, { keepOld: true })
  await typeChecks(report, env)
}

async function everything() {
  const env = await setUpBuild(report, { tools: ['wasm-pack', 'wasm-bindgen-cli', 'cargo-deny'] })
  await report.step('Chromium', {}, async step => {
    const { chromium, chromedriver, note } = await setUpChromiumAndDriver(step)
    Object.assign(env, { WASMQTT_CHROMIUM: chromium, CHROMEDRIVER: chromedriver })
    return { note }
  })
  await report.step('Firefox', {}, async step => {
    const { firefox, geckodriver, ...result } = await setUpFirefox(step)
    if (geckodriver) Object.assign(env, { WASMQTT_FIREFOX: firefox, GECKODRIVER: geckodriver })
    return result
  })
  await report.step('Mosquitto', {}, setUpMosquitto)
  await report.step('tshark', {}, setUpTshark)
  for (const broker of brokers) await report.step(broker.name, {}, step => setUpBroker(step, broker))
  await report.step('paho-mqtt (Python)', {}, async step => {
    const { python, ...result } = await setUpPaho(step)
    if (python) env.WASMQTT_PAHO_PYTHON = python
    return result
  })
  await sourceChecks(report, env)
  await rustChecks(report, env)
  await buildPackage(report, env)
  await typeChecks(report, env)
  await packageTests(report, env)
  await report.step("examples' packages", { needs: ['npm packages'] }, setUpExamples)
  await exampleTests(report, env)
  await apiReference(report, env)
  await browserTests(report, env)
  await pageTests(report, env)
}
