// The package's manifest and files, as package managers, bundlers and type checkers read them.
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { Script } from 'node:vm'
import { transform } from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { folderOf, install, root } from './lib/packed.mjs'

const run = promisify(execFile)
const project = install()
const folder = join(project, 'node_modules', 'wasmqtt')
const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const dist = readdirSync(join(folder, 'dist')).map(name => join(folder, 'dist', name))
const tarball = join(
  project,
  readdirSync(project).find(name => name.endsWith('.tgz')),
)

test('publint finds nothing to say', async () => {
  const { messages } = await publint({ pkgDir: folder, strict: true, pack: false })
  assert.deepEqual(
    messages.map(message => formatMessage(message, manifest)),
    [],
  )
})

test('the types of each entry resolve as its code does', async () => {
  const attw = join(folderOf('@arethetypeswrong/cli'), 'dist', 'index.js')
  // CommonJS is the one rule left out: the package is ES modules alone. A .wasm file has no types,
  // nor has the file of an element, which exports nothing.
  const rules = [
    '--ignore-rules',
    'cjs-resolves-to-esm',
    '--exclude-entrypoints',
    'client.wasm',
    'client-full.wasm',
    'broker.wasm',
    'simulator.wasm',
  ]
  const { stdout } = await run(process.execPath, [attw, tarball, '--format', 'json', ...rules]).catch(error => error)
  const { analysis } = JSON.parse(stdout)
  const problems = analysis.problems.filter(({ kind }) => kind !== 'CJSResolvesToESM')
  assert.deepEqual(problems, [])
  const entries = [
    '.',
    './broker',
    './broker/inline',
    './elements',
    './inline',
    './node',
    './package.json',
    './simulator',
    './tap',
  ]
  const typed = Object.keys(analysis.entrypoints).filter(entry => !entry.includes('*'))
  assert.deepEqual(typed.toSorted(), entries)
})

test('tools that ignore `exports` find the same files by main, module and types', () => {
  const entries = ['.', './inline', './broker', './broker/inline', './elements', './simulator', './tap', './node']
  for (const entry of entries) {
    const fields = JSON.parse(readFileSync(join(folder, entry, 'package.json'), 'utf8'))
    const { types, default: code, 'react-native': native } = manifest.exports[entry]
    const file = name => fields[name] && relative(folder, resolve(folder, entry, fields[name]))
    assert.equal(file('main'), relative('.', code), entry)
    assert.equal(file('types'), relative('.', types), entry)
    assert.equal(file('react-native'), native && relative('.', native), entry)
    // An entry for Node alone has no module for pages.
    assert.equal(file('module'), entry === './node' ? undefined : relative('.', code), entry)
  }
})

test('each WebAssembly module is an entry, at the place where the code looks for it', () => {
  const require = createRequire(join(project, 'any.js'))
  for (const [entry, code] of Object.entries({
    'client.wasm': 'index.js',
    'client-full.wasm': 'full.js',
    'broker.wasm': 'broker.js',
    'simulator.wasm': 'simulator.js',
  })) {
    const [, path] = /new URL\("([^"]+\.wasm)",import\.meta\.url\)/.exec(
      readFileSync(join(folder, 'dist', code), 'utf8'),
    )
    assert.equal(require.resolve(`wasmqtt/${entry}`), join(folder, 'dist', path))
  }
})

test('an inline entry is one file without import.meta, node: or a top-level await', async () => {
  for (const name of ['inline.js', 'broker-inline.js']) {
    const text = readFileSync(join(folder, 'dist', name), 'utf8')
    assert.doesNotMatch(text, /import\.meta|node:|\bfrom"|\bimport\(|\.wasm"/, name)
    // A script has no `await` outside of functions, and no imports.
    const { code } = await transform(text, { format: 'iife', target: 'es2022', globalName: 'wasmqtt' })
    assert.ok(new Script(code), name)
  }
})

test('in React Native each entry is an error that says so', async () => {
  for (const [entry, conditions] of Object.entries(manifest.exports)) {
    if (typeof conditions === 'string' || entry === './node') continue
    const { stderr } = await run(
      process.execPath,
      ['--conditions=react-native', '--eval', `require('wasmqtt${entry.slice(1)}')`],
      {
        cwd: project,
      },
    ).catch(error => error)
    assert.match(stderr, /Error: wasmqtt does not support React Native/, entry)
  }
})

test('files for browsers name no global of Node that bundlers would replace', async () => {
  const names = ['process', 'Buffer', 'global', 'require', 'module', '__dirname', '__filename']
  const define = Object.fromEntries(names.map(name => [name, `free_${name}`]))
  const files = dist.filter(file => file.endsWith('.js') && !['cli.js', 'node.js'].includes(basename(file)))
  assert.ok(files.length >= 5, files.join())
  for (const file of files) {
    const { code } = await transform(readFileSync(file, 'utf8'), { define, format: 'esm', charset: 'utf8' })
    assert.deepEqual(code.match(/\bfree_\w+/g), null, file)
  }
})

test('each source map is in the package, with its sources, and names no place outside of it', () => {
  const mapped = dist.filter(file => file.endsWith('.js') && basename(file) !== 'cli.js')
  for (const file of mapped) {
    const [, name] = /\n\/\/# sourceMappingURL=(\S+)\s*$/.exec(readFileSync(file, 'utf8'))
    const map = JSON.parse(readFileSync(join(dirname(file), name), 'utf8'))
    assert.equal(map.sourcesContent.length, map.sources.length, name)
    for (const [index, source] of map.sources.entries()) {
      const path = relative(folder, resolve(dirname(file), map.sourceRoot ?? '', source))
      assert.doesNotMatch(path, /^\.\.|^\/|node_modules/, name)
      assert.ok(map.sourcesContent[index].length > 0, `${name}: ${source}`)
    }
  }
  // The command is made with code of others, and has none.
  assert.doesNotMatch(readFileSync(join(folder, 'dist/cli.js'), 'utf8'), /sourceMappingURL/)
  const maps = dist.filter(file => file.endsWith('.map')).map(file => basename(file, '.map'))
  assert.deepEqual(maps.toSorted(), mapped.map(file => basename(file)).toSorted())
})

test('npm would publish it without a warning', async () => {
  const { stderr } = await run('npm', ['publish', '--dry-run', '--ignore-scripts'], { cwd: root })
  // Nobody is logged in where tests run.
  const warnings = stderr.match(/^npm (?:warn|error).*/gim)?.filter(line => !line.includes('to be logged in')) ?? []
  assert.deepEqual(warnings, [])
})

test('the command is linked in a clone, and says so where nothing is built', async () => {
  const linked = join(root, '..', 'node_modules', '.bin', 'wasmqtt')
  assert.equal(execFileSync(linked, ['--version'], { encoding: 'utf8' }), `${manifest.version}\n`)

  const clone = join(project, 'clone', 'bin')
  mkdirSync(clone, { recursive: true })
  copyFileSync(join(folder, 'bin', 'wasmqtt.js'), join(clone, 'wasmqtt.js'))
  const failed = await run(process.execPath, [join(clone, 'wasmqtt.js'), 'broker']).catch(error => error)
  assert.equal(failed.code, 1)
  assert.match(failed.stderr, /^wasmqtt: .*npm start.*\n$/)
})

test('the command of the package starts', async () => {
  const command = join(folder, manifest.bin.wasmqtt)
  const { stdout } = await run(process.execPath, [command, '--version'])
  assert.equal(stdout, `${manifest.version}\n`)
})
