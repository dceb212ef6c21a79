// Programs of the system: taken as they are where they are on PATH, else installed by apt, else
// asked for in one line.
import { outputOf } from './command.mjs'
import { which } from './paths.mjs'
import { StepError } from './report.mjs'

/**
 * Installs packages by apt, as root or through a sudo that asks for no password.
 *
 * @param {import('./report.mjs').Step} step
 * @param {{ apt: string[], brew: string[], what: string }} packages
 * @throws {StepError} one line that says what to install and how, where it cannot be done here.
 */
export async function installPackages(step, { apt, brew, what }) {
  const prefix = await rootPrefix()
  if (!which('apt-get') || prefix === undefined) throw new StepError(howTo(apt, brew, what))
  const asRoot = (args, minutes) => {
    const [program, ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args]
    return step.try(program, rest, { minutes, progress: aptProgress })
  }
  // An old or empty package list is a common state of a container; a source that fails need not be
  // one we want.
  await asRoot(['update'], 5)
  const { code } = await asRoot(['install', '-y', '--no-install-recommends', ...apt], 15)
  if (code !== 0) throw new StepError(howTo(apt, brew, what))
}

/** The words before a command that make it run as root, or undefined where there is no such way. */
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
