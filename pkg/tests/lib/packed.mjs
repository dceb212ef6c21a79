// The package as npm packs it, unpacked into a project of its own.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The package's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

const npm = (...args) => execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })

/** Returns the files that `npm pack` would pack. */
export const packed = () => JSON.parse(npm('pack', '--dry-run', '--json', '--ignore-scripts'))[0]

/**
 * Packs, unpacks into the node_modules of a project in `parent`, and removes the project after the
 * tests of the file.
 */
export function install(parent = tmpdir()) {
  const project = mkdtempSync(join(parent, 'wasmqtt-packed-'))
  after(() => rmSync(project, { recursive: true, force: true, maxRetries: 5 }))
  const [{ filename }] = JSON.parse(npm('pack', '--json', '--ignore-scripts', '--pack-destination', project))
  const folder = join(project, 'node_modules', 'wasmqtt')
  mkdirSync(folder, { recursive: true })
  execFileSync('tar', ['-xzf', join(project, filename), '-C', folder, '--strip-components=1'])
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }\n')
  return project
}

/** Lets a project use packages of the workspace too. */
export function link(project, ...names) {
  for (const name of names) {
    const target = join(project, 'node_modules', ...name.split('/'))
    mkdirSync(dirname(target), { recursive: true })
    symlinkSync(folderOf(name), target, 'junction')
  }
}

/** Where a package of the workspace is. */
export const folderOf = name => dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))

/** Imports an entry of the packed package, as that project would. */
export async function load(project, entry) {
  const file = join(project, `${entry.replaceAll('/', '-')}.js`)
  writeFileSync(file, `export * from '${entry}'\n`)
  return import(pathToFileURL(file).href)
}
