import { kinds, type PacketKind } from '../message/packet-record.js'

/** In the order of the module's numbers. */
export const dropCauses = [
  'queue-full',
  'transmit-full',
  'not-writable',
  'packet-too-large',
  'expired',
  'retained-full',
] as const

/** Why a message was lost. */
export type DropCause = (typeof dropCauses)[number]

/** What went one way since the broker began. */
export interface Traffic {
  readonly bytes: number
  /** Of PUBLISH packets. */
  readonly publishBytes: number
  /** PUBLISH packets by their quality of service. */
  readonly publishes: readonly [number, number, number]
  /** All packets. */
  readonly messages: number
  readonly packets: Readonly<Record<PacketKind, number>>
}

/** What the broker has counted since it began, and what there is now. */
export interface Counters {
  /** Seconds since it began. */
  readonly uptime: number
  /** `total` are sessions, connected or not; `maximum` is the most that were connected at one time. */
  readonly clients: {
    readonly connected: number
    readonly disconnected: number
    readonly total: number
    readonly maximum: number
  }
  /** Connections that were accepted, and those that ended before they were. */
  readonly connects: { readonly accepted: number; readonly rejected: number }
  /** Subscriptions of all sessions, each shared subscription once, and of the page. */
  readonly subscriptions: number
  readonly sharedSubscriptions: number
  /** Bytes of topics, payloads and properties. */
  readonly retained: { readonly messages: number; readonly bytes: number }
  /** QoS 1 and 2 messages that were not sent yet, with the bytes of their topics and payloads. */
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
}

/** The module's list with its names; a broker that is not there has counted nothing. @internal */
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
  }
}
