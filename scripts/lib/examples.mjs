// Packages that the examples and the API reference are built with: bundlers, frameworks, runtimes.
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inRoot, toolsFolder } from './paths.mjs'
import { hashOf } from './stamp.mjs'

const manifests = ['package.json', 'package-lock.json']

/**
 * Folder of the packages, outside of the checkout: they take more than a gigabyte, and other
 * checkouts share them.
 */
export const examplesFolder = join(
  toolsFolder,
  `examples-${hashOf(manifests.map(name => `pkg/examples/${name}`)).slice(0, 12)}`,
)

/** True if the packages are there, complete. */
export const hasExamples = () => existsSync(join(examplesFolder, '.complete'))

/** Installs the packages of the examples' lock file, once. */
export async function setUpExamples(step) {
  if (!hasExamples()) {
    step.progress = 'bundlers, frameworks and runtimes from npm, more than a gigabyte, once'
    rmSync(examplesFolder, { recursive: true, force: true })
    mkdirSync(examplesFolder, { recursive: true })
    for (const name of manifests) cpSync(inRoot('pkg', 'examples', name), join(examplesFolder, name))
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
    await step.exec('npm', ['ci', ...options], { cwd: examplesFolder, minutes: 15 })
    writeFileSync(join(examplesFolder, '.complete'), '')
  }
  return { note: examplesFolder }
}
