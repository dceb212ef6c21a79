// The npm packages of the lock file, for all workspaces.
import { readJson } from './paths.mjs'
import { StepError } from './report.mjs'
import { forget, hashOf, isFresh, stamp } from './stamp.mjs'

/** Minimum version of Node, as in package.json. */
const oldest = [20, 19]

/** Installs the packages of package-lock.json, unless they are there. */
export async function setUpNpmPackages(step) {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1]))
    throw new StepError(`Node ${process.versions.node} is too old: Node ${oldest.join('.')} or newer is needed`)
  const manifests = readJson('package.json').workspaces.map(name => `${name}/package.json`)
  const hash = hashOf(
    ['package.json', 'package-lock.json', ...manifests],
    [String(major), process.platform, process.arch],
  )
  if (!isFresh('npm', hash, ['node_modules/.package-lock.json'])) {
    forget('npm')
    await step.exec('npm', ['ci', '--no-audit', '--no-fund', '--prefer-offline'], {
      env: { PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' },
    })
    stamp('npm', hash)
  }
}
