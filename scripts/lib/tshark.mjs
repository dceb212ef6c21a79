// tshark, Wireshark's dissector on the command line, to test capture files against.
import { installPackages } from './packages.mjs'
import { which } from './paths.mjs'
import { StepError } from './report.mjs'

/** Sets up the program. */
export async function setUpTshark(step) {
  if (!which('tshark')) await installPackages(step, { apt: ['tshark'], brew: ['wireshark'], what: 'tshark' })
  if (!which('tshark')) throw new StepError('still not on PATH: tshark')
  return { note: which('tshark') }
}
