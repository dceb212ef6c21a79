// rumqttd, a broker in Rust, to compare with. Built once by cargo into a folder of ours.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { toolsFolder, which } from './paths.mjs'

const VERSION = '0.20.0'
/** Minutes for its build. */
const MINUTES = 20

/**
 * Sets up rumqttd. Where it cannot be built, the benchmark goes without it.
 *
 * @returns {Promise<{ program?: string, skipped?: number, note: string }>}
 */
export async function setUpRumqttd(step) {
  const onPath = which('rumqttd')
  if (onPath) return { program: onPath, note: onPath }
  const home = join(toolsFolder, `rumqttd-${VERSION}`)
  const program = join(home, 'bin', 'rumqttd')
  if (existsSync(program)) return { program, note: VERSION }
  // Without --locked: its lock file names crates that no longer build.
  const { code } = await step.try('cargo', ['install', '--force', '--version', VERSION, '--root', home, 'rumqttd'], {
    minutes: MINUTES,
    // A program built once needs no build folder that stays.
    env: { CARGO_TARGET_DIR: undefined },
  })
  if (code === 0) return { program, note: VERSION }
  return { skipped: 1, note: `its column is left out: cargo could not build rumqttd ${VERSION}` }
}
