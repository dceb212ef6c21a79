// System packages: programs on PATH are used, others are installed by apt, or one line asks for
// them.
import { outputOf } from './command.mjs'
import { which } from './paths.mjs'
import { StepError } from './report.mjs'

/**
 * Installs packages by apt, as root or through a sudo that asks for no password.
 *
 * @param {import('./report.mjs').Step} step
 * @param {{ apt: string[], brew: string[], what: string }} packages
 * @throws {StepError} one line that says what to install and how, if this machine cannot.
 */
export async function installPackages(step, { apt, brew, what }) {
  const prefix = await rootPrefix()
  if (!which('apt-get') || prefix === undefined) throw new StepError(howTo(apt, brew, what))
  const asRoot = (args, minutes) => {
    const [program, ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args]
    return step.try(program, rest, { minutes, progress: aptProgress })
  }
  // An old or empty package list is common in a container. A source that fails need not be one that
  // we use.
  await asRoot(['update'], 5)
  const { code } = await asRoot(['install', '-y', '--no-install-recommends', ...apt], 15)
  if (code !== 0) throw new StepError(howTo(apt, brew, what))
}

/**
 * Returns the words before a command that make it run as root; undefined if there is no such way.
 */
async function rootPrefix() {
  if (process.getuid?.() === 0) return []
  if (which('sudo') && (await outputOf('sudo', ['-n', 'true'])) !== undefined) return ['sudo', '-n']
  return undefined
}

function howTo(apt, brew, what) {
  const command =
    process.platform === 'darwin' && brew.length > 0
      ? `brew install ${brew.join(' ')}`
      : `sudo apt-get install ${apt.join(' ')}`
  return `${what} is missing and cannot be installed from here; install it: ${command}`
}

const aptProgress = line => /^(?:Get:\d+|Unpacking|Setting up) \S+/.exec(line)?.[0]
