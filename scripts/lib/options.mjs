// Options of the commands, checked: an unknown switch is an error that lists the known ones.
import { parseArgs } from 'node:util'

/**
 * @template {import('node:util').ParseArgsConfig['options']} O
 * @param {O} options
 * @param {string} usage
 * @param {{ allowPositionals?: boolean }} [more]
 */
export function readOptions(options, usage, more = {}) {
  try {
    const all = { ...options, help: { type: 'boolean', short: 'h' } }
    const { values, positionals } = parseArgs({ options: all, ...more })
    if (values.help) {
      console.log(usage)
      process.exit(0)
    }
    return { ...values, positionals }
  } catch (error) {
    console.error(`${error.message}\n${usage}`)
    process.exit(2)
  }
}
