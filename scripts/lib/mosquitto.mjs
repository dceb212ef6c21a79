// Mosquitto, the broker and its two command-line clients, to test against.
import { installPackages } from './packages.mjs'
import { which } from './paths.mjs'
import { StepError } from './report.mjs'

const programs = ['mosquitto', 'mosquitto_pub', 'mosquitto_sub']

const missing = () => programs.filter(program => which(program) === undefined)

/** Sets up the three programs. */
export async function setUpMosquitto(step) {
  if (missing().length > 0) {
    await installPackages(step, {
      apt: ['mosquitto', 'mosquitto-clients'],
      brew: ['mosquitto'],
      what: `Mosquitto (${missing().join(', ')})`,
    })
  }
  if (missing().length > 0) throw new StepError(`still not on PATH: ${missing().join(', ')}`)
  return { note: which('mosquitto') }
}
