// `npm run bench`: sets up what is missing, builds, and runs the benchmarks of bench/ that compare
// with peers, or one of them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { setUpChromium } from './lib/browser.mjs'
import { buildPackage, setUpBuild } from './lib/build.mjs'
import { setUpMosquitto } from './lib/mosquitto.mjs'
import { inRoot } from './lib/paths.mjs'
import { peers } from './lib/peers.mjs'
import { Report } from './lib/report.mjs'
import { setUpRumqttd } from './lib/rumqttd.mjs'

const programOf = name => inRoot('bench', name, 'run.mjs')
const all = ['client', ...readdirSync(inRoot('bench')).filter(name => name !== 'client' && existsSync(programOf(name)))]

const [first, ...rest] = process.argv.slice(2)
const [names, args] = first && !first.startsWith('-') ? [[first], rest] : [all, process.argv.slice(2)]
if (!all.includes(names[0])) {
  console.error(
    `There is no benchmark ${names[0]}; there are: ${all.join(', ')}\nnpm run bench -- [name] [arguments for it]`,
  )
  process.exit(2)
}

const report = new Report()
const env = await setUpBuild(report)
await report.step('Chromium', {}, async step => {
  const { chromium, note } = await setUpChromium(step)
  env.WASMQTT_CHROMIUM = chromium
  return { note }
})
if (names.includes('broker')) {
  await report.step('Mosquitto', {}, setUpMosquitto)
  await report.step('rumqttd', {}, async step => {
    const { program, ...result } = await setUpRumqttd(step)
    if (program) env.WASMQTT_RUMQTTD = program
    return result
  })
}
for (const { name, variable, setUp } of names.includes('client') ? peers : []) {
  await report.step(name, {}, async step => {
    const { folder, ...result } = await setUp(step, env)
    if (folder) env[variable] = folder
    return result
  })
}
await buildPackage(report, env)
if (report.failed.length > 0) process.exit(1)

for (const name of names) {
  console.log()
  const child = spawn(process.execPath, [programOf(name), ...args], {
    cwd: inRoot(),
    env: { ...process.env, ...env },
    stdio: 'inherit',
  })
  const [code] = await once(child, 'exit')
  process.exitCode ||= code ?? 1
}
