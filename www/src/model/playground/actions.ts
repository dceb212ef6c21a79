// Actions from the fields of the playground's forms.
import type { Action, SimulatedClientOptions } from 'wasmqtt/simulator'
import { calm } from '../tutorial/home.ts'
import type { Item } from '../tutorial/script.ts'
import { bytes } from './steps.ts'

/** Reads one field as text, as a number, and as a mark. */
interface Fields {
  text(name: string): string
  number(name: string): number | undefined
  isOn(name: string): boolean
}

/** Returns the items of a form. The client is the chosen one. */
type Does = (fields: Fields, client: string) => readonly Item[]

const qosOf = (fields: Fields): 0 | 1 | 2 => (fields.number('qos') ?? 0) as 0 | 1 | 2

const seconds = (value: number | undefined): number => Math.round((value ?? 0) * 1000)

/** A member that is left out where its value is undefined. */
const optional = <Name extends string, T>(name: Name, value: T | undefined): { [_ in Name]?: T } =>
  value === undefined ? {} : ({ [name]: value } as { [_ in Name]?: T })

function publish(fields: Fields, client: string): Item[] {
  const expiry = fields.number('expiry')
  return [
    {
      type: 'publish',
      client,
      topic: fields.text('topic'),
      payload: fields.text('payload'),
      qos: qosOf(fields),
      retain: fields.isOn('retain'),
      ...(expiry === undefined ? {} : { properties: { messageExpiryInterval: expiry } }),
    },
  ]
}

function subscribe(fields: Fields, client: string): Item[] {
  return [
    {
      type: 'subscribe',
      client,
      filter: fields.text('filter'),
      qos: qosOf(fields),
      noLocal: fields.isOn('noLocal'),
      retainAsPublished: fields.isOn('retainAsPublished'),
      retainHandling: (fields.number('retainHandling') ?? 0) as 0 | 1 | 2,
    },
  ]
}

/** Options of a client. Those of MQTT 5.0 alone are left out for 3.1.1. */
function optionsOf(fields: Fields): SimulatedClientOptions {
  const is5 = fields.text('version') !== '4'
  const topic = fields.text('willTopic')
  const delay = fields.number('willDelay')
  const expiry = fields.number('sessionExpiry')
  const will = {
    topic,
    payload: fields.text('willPayload'),
    qos: (fields.number('willQos') ?? 0) as 0 | 1 | 2,
    retain: fields.isOn('willRetain'),
    ...(is5 ? optional('delay', delay) : {}),
  }
  return {
    ...calm,
    version: is5 ? 5 : 4,
    cleanStart: fields.isOn('cleanStart'),
    keepAlive: fields.number('keepAlive') ?? 0,
    ...(is5 ? optional('sessionExpiry', expiry) : {}),
    ...(topic === '' ? {} : { will }),
    ...(fields.isOn('reconnect') ? {} : { reconnect: false }),
  }
}

function add(fields: Fields): Item[] {
  const client = fields.text('name').trim()
  if (fields.text('version') === 'raw') return [{ type: 'open', client }]
  return [{ type: 'add', client, options: optionsOf(fields) }]
}

function cut(fields: Fields, client: string): Item[] {
  return [
    {
      type: 'cut',
      client,
      direction: fields.text('direction') === 'down' ? 'down' : 'up',
      after: fields.number('after') ?? 0,
      ...optional('clientLearns', fields.number('clientLearns')),
      ...optional('brokerLearns', fields.number('brokerLearns')),
    },
  ]
}

const plain =
  (type: 'kill' | 'reload' | 'black-hole' | 'open' | 'close'): Does =>
  (_, client) => [{ type, client }]

const forms = {
  publish,
  subscribe,
  unsubscribe: (fields, client) => [{ type: 'unsubscribe', client, filter: fields.text('filter') }],
  disconnect: (_, client) => [{ type: 'disconnect', client }],
  'disconnect-will': (_, client) => [{ type: 'disconnect', client, reasonCode: 4 }],
  kill: plain('kill'),
  reload: plain('reload'),
  'black-hole': plain('black-hole'),
  'cut-now': (_, client) => [{ type: 'cut', client, clientLearns: 300, brokerLearns: 300 }],
  cut,
  latency: (fields, client) => [
    { type: 'latency', client, milliseconds: fields.number('latency') ?? 0, jitter: fields.number('jitter') ?? 0 },
  ],
  stall: (fields, client) => [{ type: 'stall', client, milliseconds: fields.number('stall') ?? 0 }],
  'slow-reader': (fields, client) => [
    { type: 'slow-reader', client, ...optional('bytesPerSecond', fields.number('rate')) },
  ],
  open: plain('open'),
  close: plain('close'),
  send: (fields, client) => [{ type: 'send', client, bytes: bytes(fields.text('bytes')) }],
  add,
  restart: fields => [{ type: 'restart', state: fields.text('state') === 'written' ? 'written' : 'none' }],
  wait: fields => [{ type: 'wait', milliseconds: seconds(fields.number('seconds')) }],
} satisfies Record<string, Does>

export type FormName = keyof typeof forms

/**
 * Returns what a form does with its fields.
 *
 * @throws Error if a field that must be a number is none
 */
export function itemsOf(form: FormName, data: FormData, client: string): readonly Item[] {
  const value = (name: string) => String(data.get(name) ?? '')
  const does: Does = forms[form]
  return does(
    {
      text: value,
      isOn: name => data.get(name) !== null,
      number(name) {
        const text = value(name).trim()
        if (text === '') return undefined
        if (!Number.isFinite(Number(text))) throw new Error(`${name} is ${text}; it must be a number`)
        return Number(text)
      },
    },
    client,
  )
}

/** Names the client of an action, for the one that is chosen next. */
export const clientOf = (items: readonly (Item | Action)[]): string | undefined =>
  items.flatMap(item =>
    'client' in item && (item.type === 'add' || item.type === 'open') ? [item.client ?? ''] : [],
  )[0]
