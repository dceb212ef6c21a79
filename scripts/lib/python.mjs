// paho-mqtt of Python, in a virtual environment of ours: a client to test the broker with.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { outputOf } from './command.mjs'
import { inRoot, toolsFolder, which } from './paths.mjs'
import { hashOf } from './stamp.mjs'

const requirements = 'scripts/requirements.txt'

/**
 * Sets up a Python with the packages of requirements.txt. Without Python, or without its venv and
 * pip, the tests are skipped.
 *
 * @returns {Promise<{ python?: string, skipped?: number, note: string }>}
 */
export async function setUpPaho(step) {
  const system = which('python3')
  const version = system && (await outputOf(system, ['--version']))
  if (!version) return without('there is no python3 on PATH')
  const home = join(toolsFolder, `python-${hashOf([requirements], [system, version]).slice(0, 12)}`)
  const python = join(home, 'bin', 'python')
  const note = `${version}, ${home}`
  if ((await outputOf(python, ['-c', 'import paho.mqtt.client'])) !== undefined) return { python, note }
  rmSync(home, { recursive: true, force: true })
  const made = await step.try(system, ['-m', 'venv', home], { minutes: 5 })
  if (made.code !== 0) return without(`${version} has no venv with pip (on Debian: apt-get install python3-venv)`)
  const pip = ['-m', 'pip', '--disable-pip-version-check', 'install', '--require-hashes', '--no-deps', '-r']
  const installed = await step.try(python, [...pip, inRoot(requirements)], { minutes: 5 })
  if (installed.code !== 0) return without('pip could not install what scripts/requirements.txt names')
  return { python, note }
}

const without = reason => ({ skipped: 1, note: `its tests are skipped: ${reason}` })
