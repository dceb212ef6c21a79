// Clients to compare with that are no packages of the workspace, set up beside the tools.
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inRoot, toolsFolder } from './paths.mjs'
import { hashOf } from './stamp.mjs'

/** aws-crt, and the packages that its bundle for browsers needs besides. */
const awsCrt = ['aws-crt@1.33.2', 'events@3.3.0', 'uuid@11.1.0']
const crate = 'bench/client/mqtt5-wasm'

/**
 * Peers of the client's benchmark. `setUp` resolves with a folder of node_modules that has the
 * peer, or tells why there is none; then its column is left out.
 *
 * @type {{ name: string, variable: string, setUp: (step: object, env: object) => Promise<{ folder?:
 * string, skipped?: number, note: string }> }[]}
 */
export const peers = [
  { name: 'aws-crt', variable: 'WASMQTT_AWS_CRT', setUp: setUpAwsCrt },
  { name: 'mqtt5-wasm', variable: 'WASMQTT_MQTT5_WASM', setUp: setUpMqtt5Wasm },
]

async function setUpAwsCrt(step) {
  const home = join(toolsFolder, awsCrt[0].replace('@', '-'))
  const folder = join(home, 'node_modules')
  const done = join(home, 'installed')
  if (!existsSync(done)) {
    mkdirSync(home, { recursive: true })
    writeFileSync(join(home, 'package.json'), '{ "private": true }\n')
    // Its script fetches a library for Node, which a page does not have.
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--save-exact']
    const { code } = await step.try('npm', ['install', ...options, ...awsCrt], { cwd: home, minutes: 10 })
    if (code !== 0) return without('npm could not install aws-crt')
    writeFileSync(done, '')
  }
  return { folder, note: awsCrt[0] }
}

async function setUpMqtt5Wasm(step, env) {
  const home = join(toolsFolder, `mqtt5-wasm-${hashOf([crate]).slice(0, 12)}`)
  const folder = join(home, 'node_modules')
  const out = join(folder, 'mqtt5-wasm')
  if (!existsSync(join(out, 'package.json'))) {
    const options = ['--mode', 'no-install', '--target', 'web', '--release', '--no-pack', '--no-opt']
    const names = ['--out-dir', out, '--out-name', 'mqtt5', inRoot(crate)]
    const { code } = await step.try('wasm-pack', ['build', ...options, ...names, '--', '--locked'], {
      env: { ...env, CARGO_TARGET_DIR: join(home, 'target') },
      minutes: 20,
    })
    if (code !== 0) return without('wasm-pack could not build mqtt5-wasm')
    // As small as wasm-opt makes it, as wasm-pack would by itself.
    const wasm = join(out, 'mqtt5_bg.wasm')
    const optimised = await step.try('wasm-opt', ['--all-features', '-Oz', wasm, '-o', `${wasm}.opt`], { env })
    if (optimised.code === 0) renameSync(`${wasm}.opt`, wasm)
    writeFileSync(join(out, 'package.json'), '{ "name": "mqtt5-wasm", "type": "module", "main": "mqtt5.js" }\n')
  }
  return { folder, note: out }
}

const without = reason => ({ skipped: 1, note: `its column is left out: ${reason}` })
