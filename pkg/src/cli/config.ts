import { readFileSync } from 'node:fs'
import { Broker, type BrokerOptions, OptionError } from '../broker.js'
import { oneLine, UsageError } from './usage.js'

/** Options that a file cannot have. */
const hooks = [
  'authenticate',
  'authenticateEnhanced',
  'authorize',
  'authorizeReceive',
] as const satisfies readonly (keyof BrokerOptions)[]

/**
 * Creates a broker with the options of a JSON file, if there is one, and more. Returns all options
 * too. Throws a UsageError with the file's name.
 */
export function brokerOf(file: string | undefined, more: BrokerOptions): { broker: Broker; options: BrokerOptions } {
  const options: BrokerOptions = { ...(file === undefined ? {} : readConfig(file)), ...more }
  try {
    return { broker: new Broker(options), options }
  } catch (error) {
    throw error instanceof OptionError ? new UsageError(`${file ?? 'options'}: ${oneLine(error.message)}`) : error
  }
}

function readConfig(file: string): object {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new UsageError(`${file}: the file does not exist`)
    throw new UsageError(code ? `${file}: it cannot be read (${code})` : `${file}: it is not JSON: ${oneLine(message)}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${file}: it must be an object, such as { "maximumQos": 1 }`)
  }
  if (Object.hasOwn(value, 'store')) throw new UsageError(`${file}: store cannot be set in the file; use --store DIR`)
  const hook = hooks.find(name => Object.hasOwn(value, name))
  if (hook) throw new UsageError(`${file}: ${hook} needs a function, which JSON cannot hold; use users and acl`)
  return value
}
