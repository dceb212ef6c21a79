// Pinned tools of tools.json: a program of the right version on PATH, or one that cargo builds into
// a folder of ours.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { outputOf } from './command.mjs'
import { inRoot, readJson, toolsFolder, which } from './paths.mjs'
import { StepError } from './report.mjs'

export const pinnedTools = () => readJson('scripts', 'tools.json')

/**
 * Sets up one tool.
 *
 * @returns {Promise<{ folder: string, note: string }>} the folder of its programs, for the PATH of
 * the steps alone.
 */
export async function setUpTool(step, name) {
  const { version, binaries } = pinnedTools()[name]
  const onPath = which(binaries[0])
  if (onPath && (await isWhole(dirname(onPath), binaries, version))) {
    return { folder: dirname(onPath), note: `${version}, ${onPath}` }
  }
  const home = join(toolsFolder, `${name}-${version}`)
  const folder = join(home, 'bin')
  if (!(await isWhole(folder, binaries, version))) await install(step, name, version, home)
  return { folder, note: version }
}

async function isWhole(folder, binaries, version) {
  if (!binaries.every(binary => existsSync(join(folder, binary)))) return false
  return (await outputOf(join(folder, binaries[0]), ['--version']))?.split(/\s+/)[1] === version
}

async function install(step, name, version, home) {
  const { code } = await step.try(
    'cargo',
    ['install', '--locked', '--force', '--version', version, '--root', home, name],
    {
      minutes: 40,
      // A tool built once needs no build folder that stays.
      env: { CARGO_TARGET_DIR: undefined },
    },
  )
  if (code === 0) return
  throw new StepError(
    `${name} ${version} could not be built; once it can, run this again, or put one on PATH: cargo install --locked --version ${version} ${name}`,
  )
}

/**
 * Checks that wasm-bindgen's program and crate have one version, without which they do not work
 * together.
 */
export function checkBindgen(lock = readFileSync(inRoot('Cargo.lock'), 'utf8')) {
  const locked = /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(lock)?.[1]
  const { version } = pinnedTools()['wasm-bindgen-cli']
  if (locked === version) return
  throw new StepError(
    `Cargo.lock has wasm-bindgen ${locked}, but scripts/tools.json has wasm-bindgen-cli ${version}: set both to one version`,
  )
}
