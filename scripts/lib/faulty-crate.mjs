// Copy of the crate with all planted faults, each behind a number, and its test of worlds.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from './command.mjs'
import { inRoot } from './paths.mjs'
import { plantedFaults } from './planted-faults.mjs'

/**
 * Plants all faults in a copy of the crate, and builds its test of worlds. Returns the path of that
 * program, which has the fault that `PLANTED_FAULT` numbers, from 1.
 */
export async function buildWithFaults() {
  const copy = inRoot('target', 'planted-faults')
  copyCrate(copy)
  const args = ['test', '--test', 'simulator', '--no-run', '--message-format=json']
  // In this folder its dependencies are built already. A bar would stand in the lines of JSON.
  const env = { CARGO_TARGET_DIR: inRoot('target'), CARGO_TERM_PROGRESS_WHEN: 'never' }
  const { code, output } = await run('cargo', args, { cwd: copy, env })
  const program = output
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line))
    .find(({ executable, target }) => executable && target.name === 'simulator')?.executable
  if (code !== 0 || !program) throw new Error(`it does not compile:\n${output}`)
  return program
}

/**
 * Copies the crate with its faults. A file that is the same stays, so that cargo need not build.
 */
function copyCrate(copy) {
  const files = new Map()
  for (const part of ['Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml', 'src', 'tests', 'bench', 'pkg/module']) {
    const isFolder = statSync(inRoot(part)).isDirectory()
    const names = isFolder ? readdirSync(inRoot(part), { recursive: true }).map(name => join(part, name)) : [part]
    for (const name of names.filter(name => statSync(inRoot(name)).isFile()))
      files.set(name, readFileSync(inRoot(name)))
  }
  for (const [index, { file }] of plantedFaults.entries()) files.set(file, plant(String(files.get(file)), index + 1))
  // Of a version of its own, so that it has its own place beside the crate in the target folder.
  for (const name of ['Cargo.toml', 'Cargo.lock']) {
    files.set(name, String(files.get(name)).replace(/(name = "wasmqtt"\nversion = ")[^"]*/, '$10.0.0-faults'))
  }
  files.set('src/lib.rs', `${files.get('src/lib.rs')}mod planted;\n`)
  files.set('src/planted.rs', plantedModule)
  for (const name of existsSync(copy) ? readdirSync(copy, { recursive: true }) : []) {
    if (statSync(join(copy, name)).isFile() && !files.has(name)) rmSync(join(copy, name))
  }
  for (const [name, content] of files) {
    const path = join(copy, name)
    if (existsSync(path) && readFileSync(path).equals(Buffer.from(content))) continue
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
}

/** Returns the text of a file with a fault, by its number from 1. Throws without its place. */
function plant(text, number) {
  const { name, file, from, to } = plantedFaults[number - 1]
  if (text.split(from).length !== 2) throw new Error(`${name}: ${file} has its text not once:\n${from}`)
  const planted = to.replaceAll('PLANTED', `crate::planted::fault(${number})`).replace('FROM', () => from)
  return text.replace(from, () => planted)
}

/** The module `planted` of the crate that has the faults. */
const plantedModule = `//! The number of the fault that this run has; 0 is none.

extern crate std;

static NUMBER: std::sync::OnceLock<usize> = std::sync::OnceLock::new();

pub(crate) fn fault(number: usize) -> bool {
    let read = || std::env::var("PLANTED_FAULT").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    *NUMBER.get_or_init(read) == number
}
`
