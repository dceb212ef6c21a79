// Build of the TypeScript face into dist: a bundle for each entry, one that two share, the command
// line, and declarations with their comments.
//
// The modules by wasm-pack stay in their folders there; their JavaScript goes into the bundles.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deflateRawSync } from 'node:zlib'
import { build, transform } from 'esbuild'
import { minify as terser } from 'terser'

const root = dirname(fileURLToPath(import.meta.url))
const dist = join(root, 'dist')
const types = join(dist, 'types')
const modules = ['client', 'client-full', 'broker', 'simulator']
/** Elements that a page can load alone, by the name of their file. */
const elements = [
  ['space-time', 'SpaceTime'],
  ['packet', 'PacketInspector'],
  ['topic-trie', 'TopicTrie'],
  ['session', 'SessionPanel'],
  ['will', 'WillStrip'],
  ['transport-bar', 'TransportBar'],
  ['monitors', 'Monitors'],
  ['events', 'Events'],
]

const missing = modules.filter(name => !existsSync(join(dist, name, 'wasmqtt.d.ts')))
if (missing.length > 0) {
  const folders = missing.map(name => `dist/${name}`).join(' and ')
  throw new Error(`${folders} missing: build the WebAssembly first, as \`npm run build\` in the root does`)
}
removeOld()
declare()
const common = {
  absWorkingDir: root,
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  minify: true,
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
}
// Properties of the face's own objects and of wasm-bindgen's JavaScript, which get short names. No
// object of users or of the platform has one of them.
const ownNames = [
  ['closedError', 'limitFirst', 'queueState', 'readyInTime', 'cleanUp', 'receivers', 'wasConnected', 'withdraw'],
  ['onStatus', 'onPacket', 'onNotice', 'onUnhandled', 'onForgotten', 'onFailure', 'onEnd', 'isObserved', 'observed'],
  ['hadMessage', 'keepsRetain', 'hasCopies', 'isManual', 'takers', 'dropsOldest', 'addAll', 'countWith'],
  ['requests', 'subject', 'members', 'running', 'asked', 'authentication', 'engine', 'settled', 'readProperties'],
  ['setHandler', 'setCredentials', 'tellPackets', 'setAsker', 'setWritable', 'storeFailed', 'isClosing'],
  ['__destroy_into_raw', '__wbg_ptr', '_wbg_cb_unref', '__wbg_set_wasm', 'cnt'],
].flat()
// Maps carry their sources, which the package lacks. The command has no map, since ws in it is from
// outside.
const library = {
  ...common,
  sourcemap: 'linked',
  sourcesContent: true,
  mangleProps: new RegExp(`^(?:${ownNames.join('|')})$`),
}
const forNode = { platform: 'node', target: 'node20' }
await build({
  ...library,
  // The chunks stand here for their names. They are loaded on demand.
  entryPoints: {
    index: 'src/index.ts',
    broker: 'src/broker.ts',
    hooks: 'src/broker/lazy-hooks.ts',
    bridge: 'src/broker/lazy-bridge.ts',
    streams: 'src/message/lazy-streams.ts',
    stores: 'src/store/lazy-store.ts',
    requests: 'src/client/lazy-requests.ts',
    authentication: 'src/client/lazy-authentication.ts',
    limits: 'src/client/lazy-limits.ts',
    redirects: 'src/client/lazy-redirects.ts',
    share: 'src/client/lazy-share.ts',
    fixes: 'src/wasm/lazy-fixes.ts',
    full: 'src/wasm/lazy-full.ts',
  },
  splitting: true,
  chunkNames: 'common',
  target: 'es2022',
  // js-sys also looks for Node's own name of it, which bundlers would replace.
  define: { global: 'globalThis' },
  plugins: [{ name: 'glue', setup: bundleGlue }],
})
await build({
  ...library,
  // Each is one file, so that set-ups which emit no other can use it.
  entryPoints: { inline: 'src/inline.ts', 'broker-inline': 'src/broker-inline.ts' },
  target: 'es2022',
  define: { global: 'globalThis' },
  plugins: [
    { name: 'inline', setup: inlineModules },
    { name: 'glue', setup: bundleGlue },
  ],
})
await build({
  ...library,
  // One file too, so that its parts are no further chunk for the entries above.
  entryPoints: { simulator: 'src/simulator.ts' },
  target: 'es2022',
  define: { global: 'globalThis' },
  plugins: [{ name: 'glue', setup: bundleGlue }],
})
await build({
  ...library,
  // The panel is loaded on demand. It imports the elements and the simulator as entries.
  entryPoints: { tap: 'src/tap/index.ts', panel: 'src/tap/panel.ts' },
  splitting: true,
  chunkNames: 'tap-[hash]',
  target: 'es2022',
  plugins: [{ name: 'package', setup: leavePackage }],
})
const bundles = [
  'index',
  'broker',
  'hooks',
  'bridge',
  'streams',
  'stores',
  'requests',
  'authentication',
  'limits',
  'redirects',
  'share',
  'fixes',
  'full',
  'common',
  'inline',
  'broker-inline',
  'simulator',
  'tap',
  'panel',
]
for (const name of bundles) await minify(name)
copyFileSync(join(root, 'src', 'react-native.cjs'), join(dist, 'react-native.cjs'))
await build({
  ...library,
  entryPoints: {
    elements: 'src/elements.ts',
    ...Object.fromEntries(elements.map(([name]) => [`elements/${name}`, `element:${name}`])),
  },
  splitting: true,
  chunkNames: 'elements/chunk-[hash]',
  target: 'es2022',
  banner: { js: '/* Contains Lit: elements/LICENSE-lit.txt */' },
  plugins: [{ name: 'element', setup: defineElement }],
})
copyFileSync(
  join(dirname(createRequire(import.meta.url).resolve('lit')), 'LICENSE'),
  join(dist, 'elements', 'LICENSE-lit.txt'),
)
await build({ ...library, ...forNode, entryPoints: { node: 'src/node.ts' } })
await build({
  ...common,
  ...forNode,
  entryPoints: { cli: 'src/cli/main.ts' },
  // Optional packages of ws.
  external: ['bufferutil', 'utf-8-validate'],
  banner: { js: cliBanner() },
  plugins: [{ name: 'package', setup: leavePackage }],
})

/** Removes the files of an earlier build, some of sources that are gone. */
function removeOld() {
  for (const entry of readdirSync(dist, { withFileTypes: true })) {
    if (!modules.includes(entry.name)) rmSync(join(dist, entry.name), { recursive: true })
  }
}

/**
 * Returns the beginning of the command: the licence of ws, which is part of it, and the `require`
 * that ws uses.
 */
function cliBanner() {
  const licence = readFileSync(join(dirname(createRequire(import.meta.url).resolve('ws')), 'LICENSE'), 'utf8')
  return [
    `/* Contains ws, under its licence:\n\n${licence.trim()}\n*/`,
    `import { createRequire as __createRequire } from 'node:module'`,
    'const require = __createRequire(import.meta.url)',
  ].join('\n')
}

/** Minifies a bundle for browsers once more, since terser finds a twentieth that esbuild leaves. */
async function minify(name) {
  const [file, map] = [join(dist, `${name}.js`), join(dist, `${name}.js.map`)]
  const content = JSON.parse(readFileSync(map, 'utf8'))
  // A module in base64 is no source to read.
  content.sources.forEach((source, index) => {
    if (source.startsWith('module:')) content.sourcesContent[index] = '// The module, by the build.\n'
  })
  const minified = await terser(readFileSync(file, 'utf8'), {
    module: true,
    ecma: 2020,
    compress: { passes: 2, unsafe_methods: true },
    sourceMap: { content, url: basename(map), includeSources: true },
  })
  writeFileSync(file, minified.code)
  writeFileSync(map, minified.map)
}

/** The command and the tap import the package's entries, as any program does. */
function leavePackage({ onResolve }) {
  onResolve({ filter: /^\.\.\/(?:broker|elements|node|simulator)\.js$/ }, ({ path }) => ({
    path: path.slice(1),
    external: true,
  }))
}

/**
 * Checks the types, also against those that wasm-bindgen generates, and writes the declarations.
 */
function declare() {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
  for (const project of [root, join(root, 'src', 'node'), join(root, 'src', 'cli')]) {
    const { status } = spawnSync(process.execPath, [tsc, '--project', project], { stdio: 'inherit' })
    if (status !== 0) process.exit(status ?? 1)
  }
  const reached = new Set()
  for (const entry of [
    'inline.d.ts',
    'broker-inline.d.ts',
    'node.d.ts',
    'elements.d.ts',
    'simulator.d.ts',
    'tap/index.d.ts',
  ])
    reach(join(types, entry), reached)
  for (const entry of readdirSync(types, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    if (entry.isFile() && !reached.has(file)) rmSync(file)
  }
}

/** Adds the declarations that an entry leads to; the others are internal. */
function reach(file, reached) {
  if (reached.has(file)) return
  reached.add(file)
  const text = readFileSync(file, 'utf8')
  for (const [, next] of text.matchAll(/(?:from |import\()'(\.[^']+)\.js'/g))
    reach(join(dirname(file), `${next}.d.ts`), reached)
}

/**
 * Joins wasm-bindgen's JavaScript with its module, whose imports and exports have short names.
 *
 * `names.json` of wasm-opt lists imports `[module, name, short]` and exports `[name, short]`.
 * `glue` is for the face, `imports` for the module. esbuild gives the JavaScript the short names of
 * exports, as properties to mangle. `names` are those that the loader uses.
 */
function bundleGlue({ onResolve, onLoad }) {
  onResolve({ filter: /^#glue\// }, ({ path }) => ({ path, namespace: 'glue', sideEffects: false }))
  onLoad({ filter: /./, namespace: 'glue' }, async ({ path }) => {
    const folder = `./dist/${path.slice('#glue/'.length)}`
    const { imports, exports } = namesOf(join(root, folder))
    const all = Object.keys(await import(`${folder}/wasmqtt_bg.js`))
    const own = all.filter(name => !imports.some(([, imported]) => imported === name))
    const list = entries => `{ ${entries.join(', ')} }`
    const shortOf = name => exports.find(([long]) => long === name)[1]
    const closures = exports.filter(([name]) => name.includes('closure')).map(([, short]) => short)
    const names = { memory: shortOf('memory'), start: shortOf('__wbindgen_start'), closures, count: exports.length }
    const contents = [
      `import ${list(all)} from '${folder}/wasmqtt_bg.js'`,
      `const glue = ${list(own)}`,
      `const imports = { a: ${list(imports.map(([, name, short]) => `${short}: ${name}`))} }`,
      `const names = ${JSON.stringify(names)}`,
    ]
    contents.push('export const generated = { glue, imports, names }')
    return { contents: contents.join('\n'), resolveDir: root }
  })
  onLoad({ filter: /wasmqtt_bg\.js$/ }, async ({ path }) => {
    const { exports } = namesOf(dirname(path))
    const { code } = await transform(trimGlue(path), {
      sourcefile: basename(path),
      sourcemap: 'inline',
      mangleProps: new RegExp(`^(?:${exports.map(([name]) => name).join('|')})$`),
      mangleCache: Object.fromEntries(exports),
    })
    return { contents: code }
  })
}

/**
 * Leaves out what wasm-bindgen's JavaScript has for engines that cannot run the module, which needs
 * reference types, and for imports that are not there.
 *
 * Throws if the JavaScript has changed, so that nothing is left out by chance.
 */
function trimGlue(path) {
  const folder = basename(dirname(path))
  const trims = [
    // A registry of finalizers is older than reference types.
    [/\(typeof FinalizationRegistry === 'undefined'\)\s*\? \{[^\n]*\}\s*: (?=new FinalizationRegistry)/g, ''],
    // As is TextEncoder.encodeInto.
    [/if \(!\('encodeInto' in cachedTextEncoder\)\) \{[\s\S]*?\n\}\n/, ''],
    // All callers pass a function to reallocate.
    [/ {4}if \(realloc === undefined\) \{[\s\S]*?\n {4}\}\n/, ''],
    // All callers pass the same functions.
    [/, wasm\.__wbindgen_malloc(?:, wasm\.__wbindgen_realloc)?\)/g, ')'],
    [/(?<=function pass\w+ToWasm0\(arg), malloc(?:, realloc)?\)/g, ')'],
    [/(?<= )(malloc|realloc)\(/g, 'wasm.__wbindgen_$1('],
    // Memory that grows gets another buffer, also where that cannot tell that it is detached.
    [/cachedDataViewMemory0 === null \|\| [^\n]*(?=\) \{)/, 'cachedDataViewMemory0?.buffer !== wasm.memory.buffer'],
    [/cached(\w+)Memory0 === null \|\| cached\1Memory0\.byteLength === 0/g, '!cached$1Memory0?.byteLength'],
    // Where it is there, the global object is `globalThis`.
    [/(__wbg_static_accessor_(?:GLOBAL|SELF|WINDOW)_\w{16}\(\) \{)[\s\S]*?\n\}/g, '$1 return 0 }', 'broker'],
    // The face calls free() itself.
    [/if \(Symbol\.dispose\) [^\n]*\n/g, ''],
  ]
  return trims.reduce(
    (text, [from, to, module = '']) => {
      if (folder.includes(module) && text.search(from) < 0)
        throw new Error(`wasm-bindgen's JavaScript has changed: it has no ${from}`)
      return text.replace(from, to)
    },
    readFileSync(path, 'utf8'),
  )
}

/**
 * Puts the modules inside: raw DEFLATE data in base64. Gzipped, it takes a hundredth more than the
 * file.
 */
function inlineModules({ onResolve, onLoad }) {
  onResolve({ filter: /\/(?:client|broker)-module\.js$/ }, ({ path, resolveDir }) => ({
    path: join(resolveDir, path.replace(/\.js$/, '-inline.ts')),
  }))
  // All is one file, so a part is there at once. An import by a call would cost more.
  onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
    const parts = []
    const code = readFileSync(path, 'utf8').replace(/(?<!typeof )\bimport\(('[^']+')\)/g, (_, part) => {
      parts.push(`import * as part${parts.length} from ${part}\n`)
      return `Promise.resolve(part${parts.length - 1})`
    })
    return { contents: code + parts.join(''), loader: 'ts' }
  })
  onResolve({ filter: /^#module\// }, ({ path }) => ({ path: path.slice('#module/'.length), namespace: 'module' }))
  onLoad({ filter: /./, namespace: 'module' }, ({ path }) => {
    const bytes = readFileSync(join(dist, path, 'wasmqtt_bg.wasm'))
    const deflated = deflateRawSync(bytes, { level: 9 }).toString('base64')
    return { contents: `export const deflated = '${deflated}'\nexport const size = ${bytes.length}` }
  })
}

/** The entry of one element defines it, so that a page needs no script of its own. */
function defineElement({ onResolve, onLoad }) {
  onResolve({ filter: /^element:/ }, ({ path }) => ({ path: path.slice('element:'.length), namespace: 'element' }))
  onLoad({ filter: /./, namespace: 'element' }, ({ path }) => {
    const [, type] = elements.find(([name]) => name === path)
    const contents = [
      `import { ${type} } from './src/elements/${path}.ts'`,
      `if (!customElements.get(${type}.tag)) customElements.define(${type}.tag, ${type})`,
    ]
    return { contents: contents.join('\n'), resolveDir: root }
  })
}

/** Returns the short names of a module in `folder`, as wasm-opt printed them. */
function namesOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'names.json'), 'utf8'))
}
