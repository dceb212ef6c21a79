// Checks and tests that need no browser.
import { existsSync, readdirSync } from 'node:fs'
import { builds } from './build.mjs'
import * as counts from './counts.mjs'
import { inRoot } from './paths.mjs'
import { StepError } from './report.mjs'

const denyWarnings = ['--', '-D', 'warnings']
const wasmTarget = ['--target', 'wasm32-unknown-unknown']

/** Checks the format of every source file, and runs the tests of these scripts. */
export async function sourceChecks(report, env) {
  const tests = readdirSync(inRoot('scripts', 'tests')).filter(name => name.endsWith('.test.mjs'))
  const files = tests.map(name => inRoot('scripts', 'tests', name))
  await report.step('scripts', {}, step =>
    step.tests(counts.node, process.execPath, ['--test', '--test-reporter=tap', ...files], { env }),
  )
  await report.step('biome', { needs: ['npm packages'] }, step =>
    step.check('biome', ['check', '--error-on-warnings', '.'], { env }),
  )
  await report.step('cargo fmt', { needs: ['Rust'] }, step => step.check('cargo', ['fmt', '--check'], { env }))
}

/** Runs the Rust checks for every change: natively, with few cases of each property. */
export async function quickChecks(report, env) {
  await clippy(report, env)
  await report.step('cargo test, few cases', { needs: ['Rust'] }, step =>
    step.tests(counts.cargo, 'cargo', ['test', '--locked', '--no-fail-fast', '--tests'], {
      env: { PROPTEST_CASES: '32', ...env },
    }),
  )
}

/**
 * Runs every Rust check: native and WebAssembly lints, all native tests, the documentation, the
 * dependencies.
 */
export async function rustChecks(report, env) {
  await clippy(report, env)
  // Only targets for WebAssembly: the native tests and benchmarks depend on crates that are not.
  const wasmTargets = [
    ...builds.map(({ name, features }) => [`wasm32 ${name}`, ['--lib', '--features', features.join()]]),
    ['browser tests', ['--test', 'web', '--features', 'broker']],
  ]
  for (const [name, targets] of wasmTargets) {
    await report.step(`clippy, ${name}`, { needs: ['Rust'] }, step =>
      step.check('cargo', ['clippy', '--locked', ...wasmTarget, ...targets, ...denyWarnings], { env }),
    )
  }
  await report.step('core without std', { needs: ['Rust'] }, step => coreWithoutStd(step, env))
  await report.step('cargo test', { needs: ['Rust'] }, step =>
    step.tests(counts.cargo, 'cargo', ['test', '--locked', '--no-fail-fast'], { env, minutes: 30 }),
  )
  await report.step('planted faults', { needs: ['Rust'] }, step =>
    step.tests(counts.plantedFaults, process.execPath, [inRoot('scripts', 'planted-faults.mjs')], {
      env,
      minutes: 30,
      progress: line => /^\| (.+?) \|/.exec(line)?.[1],
    }),
  )
  await report.step('differential (mqtt-packet)', { needs: ['npm packages', 'Rust'] }, step => differential(step, env))
  await report.step('cargo doc', { needs: ['Rust'] }, step =>
    step.check('cargo', ['doc', '--locked', '--no-deps'], { env: { ...env, RUSTDOCFLAGS: '-D warnings' } }),
  )
  await report.step('cargo package', { needs: ['Rust'] }, step => cratePackage(step, env))
  await report.step('cargo-deny', { needs: ['cargo-deny'] }, step =>
    step.check('cargo-deny', ['--locked', 'check', 'bans', 'licenses', 'sources'], { env }),
  )
  await report.step('cargo-deny advisories', { needs: ['cargo-deny'] }, step => advisories(step, env))
}

const clippy = (report, env) =>
  report.step('clippy', { needs: ['Rust'] }, step =>
    step.check('cargo', ['clippy', '--locked', '--all-targets', ...denyWarnings], { env }),
  )

/**
 * Checks the crate as `cargo publish` would upload it. It builds from its own files, and cargo
 * warns of nothing.
 */
async function cratePackage(step, env) {
  const { code, output } = await step.try('cargo', ['package', '--locked', '--offline', '--allow-dirty'], {
    env,
    minutes: 10,
  })
  const warnings = output.match(/^warning: .*$/gm) ?? []
  if (code !== 0 || warnings.length > 0) throw new StepError(warnings[0] ?? 'the crate does not build from its package')
  return { passed: 1 }
}

/** Compares our codec with npm's mqtt-packet, which reaches ours through a native program. */
async function differential(step, env) {
  await step.exec('cargo', ['build', '--locked', '--example', 'codec_lines'], { env, minutes: 10 })
  const tests = readdirSync(inRoot('tests', 'differential')).filter(name => name.endsWith('.test.mjs'))
  const files = tests.map(name => inRoot('tests', 'differential', name))
  return step.tests(counts.node, process.execPath, ['--test', '--test-reporter=tap', ...files], { env })
}

/** Checks the core for a microcontroller, whose target has no standard library. */
async function coreWithoutStd(step, env) {
  const target = 'thumbv7m-none-eabi'
  const { code } = await step.try('rustup', ['target', 'add', target], { env, minutes: 5 })
  if (code !== 0) return { skipped: 1, note: `rustup cannot add the target ${target} here` }
  return step.check('cargo', ['check', '--locked', '--lib', '--target', target], { env })
}

/**
 * Checks the advisories of the dependencies. Their repository is unreachable in some networks,
 * which fails no test.
 */
async function advisories(step, env) {
  const { code, output } = await step.try('cargo-deny', ['--locked', 'check', 'advisories'], { env, minutes: 5 })
  if (code === 0) return { passed: 1 }
  if (/failed to fetch advisory database/.test(output)) {
    return { skipped: 1, note: 'the advisory database cannot be fetched from here' }
  }
  throw new StepError('an advisory stands against a dependency')
}

/**
 * Checks the types of each workspace with TypeScript, and of the command line, which alone knows
 * Node.
 */
export async function typeChecks(report, env) {
  for (const folder of ['pkg', 'pkg/src/cli', 'www', 'bench']) {
    const config = `${folder}/tsconfig.json`
    if (folder === 'bench' && !existsSync(inRoot(config))) continue
    await report.step(`tsc, ${folder}`, { needs: ['npm packages', 'TypeScript face'] }, step =>
      step.check('tsc', ['--noEmit', '--project', config], { env }),
    )
  }
}
