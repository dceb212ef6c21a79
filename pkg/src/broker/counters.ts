import { kinds, type PacketKind } from '../message/packet-record.js'

/** Causes in the order of the module's numbers. */
export const dropCauses = [
  'queue-full',
  'transmit-full',
  'not-writable',
  'packet-too-large',
  'expired',
  'retained-full',
  'not-authorized',
] as const

/** Cause of a lost message. */
export type DropCause = (typeof dropCauses)[number]

/** Traffic in one direction since the broker began. */
export interface Traffic {
  readonly bytes: number
  /** Bytes of PUBLISH packets. */
  readonly publishBytes: number
  /** Number of PUBLISH packets by their quality of service. */
  readonly publishes: readonly [number, number, number]
  /** Number of packets of all kinds. */
  readonly messages: number
  readonly packets: Readonly<Record<PacketKind, number>>
}

/** Counters since the broker began, and gauges of its present state. */
export interface Counters {
  /** Seconds since the broker began. */
  readonly uptime: number
  /**
   * Clients. `total` counts sessions, connected or not; `maximum` is the most that were connected
   * at one time.
   */
  readonly clients: {
    readonly connected: number
    readonly disconnected: number
    readonly total: number
    readonly maximum: number
  }
  /** Connections that were accepted, and those that ended before that. */
  readonly connects: { readonly accepted: number; readonly rejected: number }
  /** Subscriptions of all sessions and of the page. A shared subscription counts once. */
  readonly subscriptions: number
  readonly sharedSubscriptions: number
  /** Retained messages, with the bytes of topics, payloads and properties. */
  readonly retained: { readonly messages: number; readonly bytes: number }
  /** QoS 1 and 2 messages not sent yet, with the bytes of topics, payloads and properties. */
  readonly queued: { readonly messages: number; readonly bytes: number }
  /** QoS 1 and 2 messages that were sent and are not acknowledged. */
  readonly inFlight: number
  /** Messages published by clients, by wills and by the page. */
  readonly published: number
  /** PUBLISH packets sent. */
  readonly delivered: number
  /** Messages lost. */
  readonly dropped: number
  readonly droppedBy: Readonly<Record<DropCause, number>>
  readonly received: Traffic
  readonly sent: Traffic
  /**
   * Bytes of memory that are held for clients, with all bookkeeping: `bytes` now, `highest` so far,
   * and the limit `maximum`. A message that several clients hold counts once.
   */
  readonly memory: { readonly bytes: number; readonly highest: number; readonly maximum: number }
}

/** Names the numbers of the module's list. All are 0 without a list. @internal */
export function readCounters(list: ArrayLike<number> = []): Counters {
  let place = 0
  const next = () => list[place++] ?? 0
  const named = <Name extends string>(names: readonly Name[]) =>
    Object.fromEntries(names.map(name => [name, next()])) as Record<Name, number>
  const traffic = (): Traffic => {
    const [bytes, publishBytes] = [next(), next()]
    const publishes = [next(), next(), next()] as const
    const packets = named(kinds)
    return {
      bytes,
      publishBytes,
      publishes,
      messages: Object.values(packets).reduce((sum, count) => sum + count),
      packets,
    }
  }
  const [uptime, connected, total, maximum] = [next(), next(), next(), next()]
  return {
    uptime,
    clients: { connected, disconnected: total - connected, total, maximum },
    connects: named(['accepted', 'rejected']),
    subscriptions: next(),
    sharedSubscriptions: next(),
    retained: named(['messages', 'bytes']),
    queued: named(['messages', 'bytes']),
    inFlight: next(),
    published: next(),
    delivered: next(),
    dropped: next(),
    droppedBy: named(dropCauses),
    received: traffic(),
    sent: traffic(),
    memory: named(['bytes', 'highest', 'maximum']),
  }
}
