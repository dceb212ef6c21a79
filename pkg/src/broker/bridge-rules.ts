import type { BaseClient } from '../client/client.js'
import type * as Validate from '../util/validate.js'
import type { BridgeRule } from './bridge.js'

/** Checks of the rest, of which the chunk imports only types. */
type Checks = Pick<typeof Validate, 'bool' | 'fields' | 'oneOf' | 'optionError' | 'qos' | 'text'>

/** Checks the rules. @internal */
export function readRules(rules: unknown, { optionError, ...checks }: Checks): Required<BridgeRule>[] {
  const { bool, fields, oneOf, qos, text } = checks
  const ruleFields = fields({
    filter: text,
    direction: oneOf('in', 'out', 'both'),
    qos,
    localPrefix: text,
    remotePrefix: text,
    retain: bool,
  })
  if (!Array.isArray(rules) || rules.length === 0) throw optionError('rules', rules, 'it must be a list of rules')
  return rules.map((rule, at) => {
    const name = `rules[${at}]`
    const given = ruleFields(rule, name)
    if (!given.filter) throw optionError(`${name}.filter`, given.filter, 'it must be a topic filter')
    const all = { direction: 'both', qos: 1, localPrefix: '', remotePrefix: '', retain: true, ...given } as const
    for (const prefix of ['localPrefix', 'remotePrefix'] as const) {
      if (/[+#]/.test(all[prefix])) throw optionError(`${name}.${prefix}`, all[prefix], 'it must have no + and no #')
    }
    return all as Required<BridgeRule>
  })
}

/** Checks that the version of each client is known. @internal */
export function readEnds(ends: readonly object[], { optionError }: Checks): void {
  if (ends.some(end => (end as Partial<BaseClient>).version === 'auto')) {
    throw optionError('version', 'auto', 'give a client of a bridge 5 or 4, by which it prevents loops')
  }
}
