// Rust toolchain of rust-toolchain.toml, with its components and targets, and a linker for it.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { outputOf } from './command.mjs'
import { installPackages } from './packages.mjs'
import { inRoot, which } from './paths.mjs'
import { StepError } from './report.mjs'

/** Sets up a C compiler: rustc links with it, and some of the tools contain C. */
export async function setUpLinker(step) {
  if (['cc', 'gcc', 'clang'].every(name => which(name) === undefined)) {
    await installPackages(step, { apt: ['build-essential'], brew: [], what: 'a C compiler' })
  }
}

/** Sets up the toolchain, by rustup where something is missing. */
export async function setUpToolchain(step) {
  const { channel, components, targets } = pinnedToolchain()
  if (!which('cargo')) {
    throw new StepError('Rust is missing: install rustup as https://rustup.rs says, then run this again')
  }
  const version = await outputOf('rustc', ['--version'])
  if (!version?.startsWith(`rustc ${channel} `)) {
    needRustup(`rustc ${channel}`)
    await step.exec('rustup', ['toolchain', 'install', channel, '--profile', 'minimal', '--no-self-update'])
  }
  for (const component of components) {
    if (await outputOf('cargo', [component === 'rustfmt' ? 'fmt' : component, '--version'])) continue
    needRustup(component)
    await step.exec('rustup', ['component', 'add', component, '--toolchain', channel])
  }
  const sysroot = await outputOf('rustc', ['--print', 'sysroot'])
  for (const target of targets) {
    if (existsSync(join(sysroot ?? '', 'lib', 'rustlib', target, 'lib'))) continue
    needRustup(`the standard library for ${target}`)
    await step.exec('rustup', ['target', 'add', target, '--toolchain', channel])
  }
  return { note: `${channel}, ${targets.join(', ')}` }
}

function needRustup(what) {
  if (which('rustup')) return
  throw new StepError(`${what} is missing, and no rustup to get it: install rustup as https://rustup.rs says`)
}

/**
 * Returns the content of rust-toolchain.toml. It has one string and two lists of strings, and needs
 * no TOML parser.
 */
export function pinnedToolchain(text = readFileSync(inRoot('rust-toolchain.toml'), 'utf8')) {
  const value = key => new RegExp(`^${key}\\s*=\\s*(.+)$`, 'm').exec(text)?.[1] ?? ''
  const strings = key => [...value(key).matchAll(/"([^"]+)"/g)].map(([, string]) => string)
  return { channel: strings('channel')[0], components: strings('components'), targets: strings('targets') }
}
