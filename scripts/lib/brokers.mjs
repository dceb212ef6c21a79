// RabbitMQ and NATS, to test against. Without them, their tests are skipped.
import { installPackages } from './packages.mjs'
import { which } from './paths.mjs'
import { StepError } from './report.mjs'

/** Brokers besides Mosquitto: a program of each, and the packages that bring it. */
export const brokers = [
  { name: 'RabbitMQ', program: 'rabbitmq-server', apt: ['rabbitmq-server'], brew: ['rabbitmq'] },
  { name: 'NATS', program: 'nats-server', apt: ['nats-server'], brew: ['nats-server'] },
]

/**
 * Sets up one of them.
 *
 * @returns {Promise<{ skipped?: number, note: string }>}
 */
export async function setUpBroker(step, { name, program, apt, brew }) {
  try {
    if (!which(program)) await installPackages(step, { apt, brew, what: name })
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    return { skipped: 1, note: `its tests are skipped: ${error.message}` }
  }
  const path = which(program)
  return path ? { note: path } : { skipped: 1, note: `its tests are skipped: ${program} is not on PATH` }
}
