// Chromium and its ChromeDriver, of one version.
import { outputOf } from './command.mjs'
import { installPackages } from './packages.mjs'
import { which } from './paths.mjs'
import { StepError } from './report.mjs'

const browsers = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]
const drivers = ['chromedriver', '/usr/lib/chromium-browser/chromedriver']

/** Switches of Chromium for every browser test: alone, offline, and as root where root runs it. */
export const switches = [
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
]

/**
 * Returns the path of a Chromium or Chrome: `WASMQTT_CHROMIUM`, or the first on PATH; undefined if
 * there is none.
 */
export const findChromium = () => process.env.WASMQTT_CHROMIUM || allOf(browsers)[0]

/** Sets up a browser, for the benchmarks. */
export async function setUpChromium(step) {
  if (!findChromium()) await installPackages(step, { ...packages, apt: ['chromium'], what: 'Chromium' })
  const chromium = findChromium()
  if (!chromium) throw new StepError('Chromium was installed, but none of its names is on PATH')
  return { chromium, note: `${chromium}, ${await versionOf(chromium)}` }
}

/** Sets up a browser and a ChromeDriver of the same major version, which the driver requires. */
export async function setUpChromiumAndDriver(step) {
  const found = await findPair()
  if (found) return found
  await installPackages(step, packages)
  const installed = await findPair()
  if (installed) return installed
  throw new StepError(
    'no Chromium and ChromeDriver of one version are on PATH; set WASMQTT_CHROMIUM and CHROMEDRIVER to the paths of a pair',
  )
}

const packages = {
  apt: ['chromium', 'chromium-driver'],
  brew: ['--cask chromium chromedriver'],
  what: 'Chromium with ChromeDriver',
}

async function findPair() {
  const drivable = process.env.CHROMEDRIVER ? [process.env.CHROMEDRIVER] : allOf(drivers)
  const startable = process.env.WASMQTT_CHROMIUM ? [process.env.WASMQTT_CHROMIUM] : allOf(browsers)
  for (const chromedriver of drivable) {
    const version = await versionOf(chromedriver)
    for (const chromium of startable) {
      const other = await versionOf(chromium)
      if (version && major(version) === major(other)) {
        return { chromium, chromedriver, note: `${chromium}, ${other}` }
      }
    }
  }
  return undefined
}

const allOf = names => names.map(name => which(name)).filter(path => path !== undefined)

const versionOf = async program => /\d+(?:\.\d+)+/.exec((await outputOf(program, ['--version'])) ?? '')?.[0]

const major = version => version?.split('.')[0]
