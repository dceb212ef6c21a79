// Firefox and its geckodriver.
import { outputOf } from './command.mjs'
import { installPackages } from './packages.mjs'
import { which } from './paths.mjs'
import { StepError } from './report.mjs'
import { setUpTool } from './tools.mjs'

const browsers = [
  'firefox',
  'firefox-esr',
  '/Applications/Firefox.app/Contents/MacOS/firefox',
  '/Applications/Firefox Developer Edition.app/Contents/MacOS/firefox',
]
const drivers = ['geckodriver', '/snap/bin/geckodriver']

const first = names => names.map(name => which(name)).find(path => path !== undefined)
const findFirefox = () => process.env.WASMQTT_FIREFOX || first(browsers)
const findDriver = () => process.env.GECKODRIVER || first(drivers)

/**
 * Sets up Firefox and a geckodriver: `WASMQTT_FIREFOX` and `GECKODRIVER`, or the first on PATH.
 * Where one is missing and cannot be had, the tests in Firefox are skipped.
 *
 * @returns {Promise<{ firefox?: string, geckodriver?: string, skipped?: number, note: string }>}
 */
export async function setUpFirefox(step) {
  try {
    if (!findFirefox()) {
      await installPackages(step, { apt: ['firefox-esr'], brew: ['--cask firefox'], what: 'Firefox' })
    }
    const firefox = findFirefox()
    if (!firefox) throw new StepError('Firefox was installed, but none of its names is on PATH')
    const geckodriver = findDriver() ?? `${(await setUpTool(step, 'geckodriver')).folder}/geckodriver`
    return { firefox, geckodriver, note: `${firefox}, ${await versionOf(firefox)}, ${geckodriver}` }
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    return { skipped: 1, note: `its tests are skipped: ${error.message}` }
  }
}

const versionOf = async program =>
  /\d+(?:\.\d+)+\w*/.exec((await outputOf(program, ['--version'])) ?? '')?.[0] ?? 'of an unknown version'
