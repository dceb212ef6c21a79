import { bool, fields, integer, oneOf, optionError, text, type Validator } from '../util/validate.js'
import type { CoreAccessRule } from '../wasm/interface.js'

/** A rule of the access list. */
export interface AccessRule {
  readonly action: 'publish' | 'subscribe' | 'receive' | 'all'
  /**
   * Topic filter. `%c` stands for the client identifier and `%u` for the user name, as text within
   * one level. A leading wildcard matches topics that begin with `$` too.
   */
  readonly filter: string
  /** Client identifier. Default any. */
  readonly clientId?: string
  /** User name. Default any. */
  readonly username?: string
  readonly allow: boolean
  /**
   * Reason code of a refusal, 0x80 to 0xA2. Default 0x87 (not authorized), also where a packet has
   * no such code.
   */
  readonly reasonCode?: number
}

/** Actions in the order of the module's numbers. */
const actions = ['all', 'publish', 'subscribe', 'receive'] as const

const filter: Validator<string> = (value, name) => {
  const levels = text(value, name).split('/')
  const last = levels.length - 1
  const isRight = levels.every(
    (level, index) => !/[+#]/.test(level) || level === '+' || (level === '#' && index === last),
  )
  if (value === '' || !isRight) throw optionError(name, value, 'it must be a topic filter, such as a/+/b or a/#')
  if (levels[0] === '$share')
    throw optionError(name, value, 'it must be a filter of topics, without $share/<name>/ before it')
  return value as string
}

const ruleFields = fields({
  action: oneOf(...actions),
  filter,
  clientId: text,
  username: text,
  allow: bool,
  reasonCode: integer(0x80, 0xa2),
})

/** Check of the option `acl`. @internal */
export const readAcl: Validator<CoreAccessRule[]> = (value, name) => {
  if (!Array.isArray(value)) throw optionError(name, value, 'it must be an array of { action, filter, allow }')
  return value.map((rule: unknown, index) => {
    const place = `${name}[${index}]`
    const { action, filter, clientId, username, allow, reasonCode } = ruleFields(rule, place)
    if (action === undefined)
      throw optionError(`${place}.action`, action, 'it must be publish, subscribe, receive or all')
    if (filter === undefined) throw optionError(`${place}.filter`, filter, 'it must be a topic filter')
    if (allow === undefined) throw optionError(`${place}.allow`, allow, 'it must be true or false')
    if (allow && reasonCode !== undefined)
      throw optionError(`${place}.reasonCode`, reasonCode, 'leave it out of a rule that allows')
    return [actions.indexOf(action), filter, clientId, username, allow ? 0 : (reasonCode ?? 0x87)] as const
  })
}
