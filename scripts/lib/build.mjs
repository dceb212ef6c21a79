// Build of the npm package: the crate four times to WebAssembly, then the TypeScript face.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { setUpNpmPackages } from './npm.mjs'
import { inRoot, pathWith } from './paths.mjs'
import { StepError } from './report.mjs'
import { forget, hashOf, isFresh, stamp } from './stamp.mjs'
import { setUpLinker, setUpToolchain } from './toolchain.mjs'
import { checkBindgen, pinnedTools, setUpTool } from './tools.mjs'

/**
 * LLVM's bounds for inlining in the module with the broker. They keep Cargo.toml's "s" within half
 * a kilobyte gzip of "z", where it would have ten more. Deliveries take a tenth fewer instructions
 * than with "z". The second bound is for functions that are marked `#[inline]`.
 */
const inlining = ['-inline-threshold=-5', '-inlinehint-threshold=15']

/**
 * No strength reduction of loops. It has no use for WebAssembly's addresses, and its variables make
 * a module larger.
 */
const loops = ['-disable-lsr']

/**
 * LLVM's bound for inlining in the modules with a client alone. Functions on the way of a message
 * are marked `#[inline]`, and have LLVM's own bound.
 */
const inliningOfClient = ['-inline-threshold=-5']

/** Builds of the crate, with the name of each one's step. */
export const builds = [
  { name: 'client', step: 'wasm: client', features: ['allocator', 'client'], llvm: [...loops, ...inliningOfClient] },
  {
    name: 'client-full',
    step: 'wasm: full client',
    features: ['allocator', 'client', 'full'],
    llvm: [...loops, ...inliningOfClient],
  },
  { name: 'broker', step: 'wasm: broker', features: ['allocator', 'broker'], llvm: [...loops, ...inlining] },
  { name: 'simulator', step: 'wasm: simulator', features: ['allocator', 'simulator'], llvm: [...loops, ...inlining] },
]

/** Name of the step that builds the face. */
export const face = 'TypeScript face'

// Features that rustc enables by default for this target, so that wasm-opt may use them.
const enabled = [
  '--enable-bulk-memory',
  '--enable-bulk-memory-opt',
  '--enable-call-indirect-overlong',
  '--enable-multivalue',
  '--enable-mutable-globals',
  '--enable-nontrapping-float-to-int',
  '--enable-reference-types',
  '--enable-sign-ext',
]
const optimise = [
  // Twice, since the second run finds more to remove.
  '-O3',
  '-O3',
  // Without this pass the module is larger, and smaller once compressed.
  '--skip-pass=local-cse',
  // A function with one caller is not inlined. That was no slower where measured, and is smaller
  // once compressed.
  '--one-caller-inline-max-function-size=30',
  // A function that is not tiny is not inlined into many callers.
  '--flexible-inline-max-function-size=10',
  // No pointer is below 1024, where the stack ends. So a sum of a pointer and a number becomes the
  // offset of a load.
  '--low-memory-unused',
  // Functions of one module and one generic stand together, and compress better.
  '--reorder-functions-by-name',
  // One or two letters for each import and export. The pass prints the names, by which the face's
  // build joins them with wasm-bindgen's JavaScript (pkg/build.mjs).
  '--minify-imports-and-exports-and-modules',
  // Removes the names of functions and of tools, which nobody reads.
  '--strip-debug',
  '--strip-producers',
  '--strip-target-features',
]

/**
 * Sets up the tools of a build.
 *
 * @returns {Promise<Record<string, string>>} the environment for the steps that follow, for them
 * alone: the tools on PATH.
 */
export async function setUpBuild(report, { tools = ['wasm-pack', 'wasm-bindgen-cli'] } = {}) {
  const folders = []
  await report.step('npm packages', {}, setUpNpmPackages)
  await report.step('C compiler', {}, setUpLinker)
  await report.step('Rust', { needs: ['C compiler'] }, setUpToolchain)
  await report.step('wasm-bindgen versions', {}, async () => checkBindgen())
  for (const name of tools) {
    await report.step(name, { needs: ['Rust'] }, async step => {
      const { folder, note } = await setUpTool(step, name)
      folders.push(folder)
      return { note }
    })
  }
  return { PATH: pathWith(folders) }
}

/**
 * Builds the package into pkg/dist.
 *
 * @param {{ keepOld?: boolean }} [options] `keepOld`: keeps a WebAssembly build, even if its
 * sources have changed.
 */
export async function buildPackage(report, env, { keepOld = false } = {}) {
  for (const build of builds) {
    if (keepOld && outputsOf(build.name).every(path => existsSync(inRoot(path)))) continue
    const needs = ['npm packages', 'wasm-bindgen versions', 'wasm-pack', 'wasm-bindgen-cli']
    await report.step(build.step, { needs }, step => buildWasm(step, build, env))
  }
  const needs = ['npm packages', ...builds.map(build => build.step)]
  await report.step(face, { needs }, async step => {
    await step.exec('npm', ['run', 'build', '--workspace', 'pkg'], { env })
  })
}

/** Folder of one build, below the root. */
const folderOf = name => `pkg/dist/${name}`
const outputsOf = name =>
  ['wasmqtt_bg.js', 'wasmqtt.d.ts', 'names.json', 'wasmqtt_bg.wasm'].map(file => `${folderOf(name)}/${file}`)

async function buildWasm(step, { name, features, llvm }, env) {
  const hash = hashOf(
    [
      'Cargo.toml',
      'Cargo.lock',
      'rust-toolchain.toml',
      'src',
      'pkg/module',
      'package-lock.json',
      'scripts/lib/build.mjs',
    ],
    [JSON.stringify(pinnedTools()), features.join(), llvm.join(), process.env.RUSTFLAGS ?? ''],
  )
  const outputs = outputsOf(name)
  if (!isFresh(`wasm-${name}`, hash, outputs)) {
    forget(`wasm-${name}`)
    // No-install: the tools are set up already, and a refused download would stop wasm-pack.
    const pack = [
      'build',
      '--mode',
      'no-install',
      '--target',
      'bundler',
      '--release',
      '--no-pack',
      '--no-gitignore',
      '--no-opt',
    ]
    // wasm-pack takes a relative folder from the crate's.
    const out = ['--out-dir', inRoot(folderOf(name)), '--out-name', 'wasmqtt', inRoot('pkg/module')]
    const cargo = ['--', '--locked', ...features.flatMap(feature => ['--features', feature])]
    await step.exec('wasm-pack', [...pack, ...out, ...cargo], {
      env: { ...env, CARGO_ENCODED_RUSTFLAGS: flags(llvm) },
      minutes: 30,
    })
    await optimiseWasm(step, folderOf(name), env)
    // Some versions write these files whatever the options say. npm would obey them and leave the
    // build out.
    for (const file of ['package.json', '.gitignore', 'README.md'])
      rmSync(inRoot(folderOf(name), file), { force: true })
    const absent = outputs.filter(path => !existsSync(inRoot(path)))
    if (absent.length > 0) throw new StepError(`wasm-pack did not write ${absent.join(', ')}`)
    stamp(`wasm-${name}`, hash)
  }
  const zipped = gzipSync(readFileSync(inRoot(outputs.at(-1))), { level: 9 }).length
  return { note: `${(zipped / 1000).toFixed(1)} KB gzip` }
}

/**
 * Flags of rustc: LLVM's, and those that keep this machine's folders out of the modules, where a
 * panic names its file.
 */
function flags(llvm) {
  const home = process.env.CARGO_HOME ?? join(homedir(), '.cargo')
  const sources = join(home, 'registry', 'src')
  const folders = existsSync(sources) ? readdirSync(sources).map(name => join(sources, name)) : []
  const paths = folders.map(folder => `--remap-path-prefix=${folder}=`)
  // The separator of cargo's own, since a folder may have a space in its name.
  const own = process.env.CARGO_ENCODED_RUSTFLAGS ?? process.env.RUSTFLAGS?.trim().replace(/\s+/g, '\x1f') ?? ''
  return [own, ...llvm.map(option => `-Cllvm-args=${option}`), ...paths].filter(Boolean).join('\x1f')
}

/** Runs npm's wasm-opt with flags of ours, instead of wasm-pack's step. */
async function optimiseWasm(step, folder, env) {
  step.progress = 'wasm-opt'
  const wasm = `${folder}/wasmqtt_bg.wasm`
  const optimised = `${wasm}.opt`
  const printed = await step.exec('wasm-opt', [...enabled, ...optimise, wasm, '-o', optimised], { env, minutes: 30 })
  renameSync(inRoot(optimised), inRoot(wasm))
  writeFileSync(inRoot(folder, 'names.json'), printed.slice(printed.indexOf('{'), printed.lastIndexOf('}') + 1))
}
