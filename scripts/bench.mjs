// `npm run bench`: sets up what is missing, builds, and runs a benchmark of bench/.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { setUpChromium } from './lib/browser.mjs'
import { buildPackage, setUpBuild } from './lib/build.mjs'
import { inRoot } from './lib/paths.mjs'
import { Report } from './lib/report.mjs'

const [first, ...rest] = process.argv.slice(2)
const [name, args] = first && !first.startsWith('-') ? [first, rest] : ['client', process.argv.slice(2)]
const program = inRoot('bench', name, 'run.mjs')
if (!existsSync(program)) {
  const all = readdirSync(inRoot('bench')).filter(folder => existsSync(inRoot('bench', folder, 'run.mjs')))
  console.error(
    `There is no benchmark ${name}; there are: ${all.join(', ')}\nnpm run bench -- [name] [arguments for it]`,
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
await buildPackage(report, env)
if (report.failed.length > 0) process.exit(1)

console.log()
const child = spawn(process.execPath, [program, ...args], {
  cwd: inRoot(),
  env: { ...process.env, ...env },
  stdio: 'inherit',
})
child.on('exit', code => process.exit(code ?? 1))
