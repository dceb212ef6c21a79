// Messages between the tabs that share a connection.
//
// They are lists, so that a page built from another version, with other names of properties, reads
// them the same.

/**
 * Number of the protocol. Tabs of another one have channels, locks and a connection of their own.
 */
export const PROTOCOL = 1

/** Base of the names of channels and locks. */
export const nameOf = (share: string | undefined) => `wasmqtt/${PROTOCOL}/${share}`

/** One step of a tab's or a hub's work: its kind, then what belongs to it. */
export type Step = readonly [kind: string, ...values: unknown[]]

/** Steps under way. `from` and `to` are identifiers of a tab or of a hub. */
export interface Envelope {
  readonly protocol: number
  readonly from: string
  /** Empty: all tabs. */
  readonly to: string
  readonly steps: readonly Step[]
}

/** Sends steps over a channel. */
export function post(channel: BroadcastChannel, from: string, to: string, steps: readonly Step[]): void {
  const envelope: Envelope = { protocol: PROTOCOL, from, to, steps }
  channel.postMessage(envelope)
}

type Check = (value: unknown) => boolean

const number: Check = value => Number.isSafeInteger(value)
const string: Check = value => typeof value === 'string'
const bool: Check = value => typeof value === 'boolean'
const bytes: Check = value => value instanceof Uint8Array
const object: Check = value => typeof value === 'object' && value !== null
const listOf =
  (check: Check): Check =>
  value =>
    Array.isArray(value) && value.every(check)
const optional =
  (check: Check): Check =>
  value =>
    value === undefined || check(value)

/** Values of each kind of step that a hub takes. */
export const TO_HUB: Readonly<Record<string, readonly Check[]>> = {
  hello: [object, number],
  publish: [number, string, bytes, number, optional(object)],
  withdraw: [number],
  subscribe: [number, listOf(string), object],
  leave: [number, number],
  drain: [number, number],
  unsubscribe: [number, listOf(string)],
  reauthenticate: [number],
  acknowledge: [number, number],
  watch: [bool],
  joined: [listOf(string)],
  got: [number],
  ping: [],
  bye: [],
}

/** Values of each kind of step that a tab takes. */
export const TO_TAB: Readonly<Record<string, readonly Check[]>> = {
  lead: [],
  welcome: [number],
  refused: [object],
  connected: [object],
  status: [object],
  closed: [object],
  filters: [listOf(string), bool],
  took: [number],
  done: [number, object],
  failed: [number, object],
  subscribed: [number, object],
  refusal: [number, object],
  ended: [number],
  answered: [number, object],
  rejected: [number, object],
  message: [listOf(number), string, bytes, number, optional(object)],
  held: [number, number, string, bytes, number, optional(object)],
  unhandled: [string, bytes, number, optional(object)],
  notice: [object],
  packet: [object],
  pong: [],
  pause: [],
  gone: [],
  dropped: [],
}

/** Returns the envelope if `data` is one, and all its steps are of these kinds. */
export function readEnvelope(data: unknown, kinds: Readonly<Record<string, readonly Check[]>>): Envelope | undefined {
  const envelope = data as Envelope
  const isOne =
    object(data) &&
    envelope.protocol === PROTOCOL &&
    string(envelope.from) &&
    string(envelope.to) &&
    Array.isArray(envelope.steps) &&
    envelope.steps.every(step => isStep(step, kinds))
  return isOne ? envelope : undefined
}

function isStep(step: unknown, kinds: Readonly<Record<string, readonly Check[]>>): boolean {
  if (!Array.isArray(step) || !string(step[0]) || !Object.hasOwn(kinds, step[0])) return false
  return (kinds[step[0]] as readonly Check[]).every((check, index) => check(step[index + 1]))
}
