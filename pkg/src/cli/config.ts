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
    throw error instanceof OptionError ? new UsageError(`${file ?? 'options'}: ${messageOf(error)}`) : error
  }
}

/** Returns the message in one line. A list of all options is cut to those of a file. */
function messageOf({ message }: OptionError): string {
  const [text, list] = oneLine(message).split('; the options are ')
  if (list === undefined) return oneLine(message)
  const missing: readonly string[] = [...hooks, 'store']
  const names = list.split(', ').filter(name => !missing.includes(name))
  return `${text}; the options are ${names.join(', ')}`
}

/** Returns the text of a file. Throws a UsageError. */
function readText(file: string): string {
  const bytes = readBytes(file)
  try {
    // A byte order mark is left out.
    return new TextDecoder(bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new UsageError(`${file}: it is not UTF-8`)
  }
}

/** Returns the bytes of a file. Throws a UsageError. */
export function readBytes(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(
      code === 'ENOENT' ? `${file}: the file does not exist` : `${file}: it cannot be read (${code})`,
    )
  }
}

function readConfig(file: string): object {
  const text = readText(file)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${file}: it is not JSON: ${oneLine((error as Error).message)}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${file}: it must be an object, such as { "maximumQos": 1 }`)
  }
  const name = repeatedName(text)
  if (name !== undefined) throw new UsageError(`${file}: ${JSON.stringify(name)} is there twice in one object`)
  if (Object.hasOwn(value, 'store')) throw new UsageError(`${file}: store cannot be set in the file; use --store DIR`)
  const hook = hooks.find(name => Object.hasOwn(value, name))
  if (hook) throw new UsageError(`${file}: ${hook} needs a function, which JSON cannot hold; use users and acl`)
  return value
}

/**
 * Returns the first name that an object of this JSON has twice. `JSON.parse` would take the last
 * one, and leave out the rules of an access list unseen.
 */
function repeatedName(json: string): string | undefined {
  const objects: Set<string>[] = []
  for (const [token, text, colon] of json.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}]/g)) {
    if (token === '{') objects.push(new Set())
    else if (token === '}') objects.pop()
    else if (text && colon) {
      const names = objects.at(-1)
      const name: string = JSON.parse(text)
      if (names?.has(name)) return name
      names?.add(name)
    }
  }
  return undefined
}
