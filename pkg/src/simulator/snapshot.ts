import type { QoS } from '../elements/types.js'

/** State of all actors of a world, for drawing. Times are in milliseconds on its clock. */
export interface Snapshot {
  readonly now: number
  readonly clients: readonly ClientState[]
  readonly links: readonly LinkState[]
  readonly broker: {
    readonly connections: readonly ConnectionState[]
    readonly sessions: readonly SessionState[]
    readonly retained: readonly { readonly topic: string; readonly qos: QoS; readonly payload: Uint8Array }[]
  }
}

/** Delivery state of one side of a session. */
export interface DeliveryState {
  /** Packet identifiers of what was sent and is not finished. */
  readonly outgoing: readonly {
    readonly packetId: number
    readonly awaits: 'PUBACK' | 'PUBREC' | 'PUBCOMP'
    /** Absent once the message is given away. */
    readonly topic?: string
    readonly qos?: QoS
  }[]
  /** Packet identifiers of QoS 2 messages that came and are not released. */
  readonly incoming: readonly { readonly packetId: number; readonly awaits: 'PUBREL' }[]
  readonly queued: readonly { readonly topic: string; readonly qos: QoS }[]
  /** Messages that may still be sent unacknowledged. */
  readonly sendQuota: number
}

interface Granted {
  readonly subscriptions: readonly { readonly filter: string; readonly qos: QoS }[]
}

/** A client, as it knows itself. */
export interface ClientState extends DeliveryState, Granted {
  readonly clientId: string
  /**
   * `foreign` for a client of `webSocket()`. Only its own code knows more, so its lists are empty.
   */
  readonly connection: 'idle' | 'connecting' | 'connected' | 'waiting' | 'ended' | 'foreign'
  /** Absent for a foreign client. */
  readonly version?: 4 | 5
  /** Link of its current attempt. */
  readonly link?: number
  /** Nothing arrives before this time. */
  readonly stalledUntil: number
  readonly retryAt?: number
  readonly keepAliveAt?: number
  /** Requests that wait for a connection. */
  readonly offline: number
  readonly receivedAliases: readonly string[]
  readonly sentAliases: readonly string[]
}

/** An end of a link, as its host knows it. */
export interface EndState {
  readonly state: 'opening' | 'open' | 'broken' | 'closed'
  /** When the host learns that the link is broken; absent is never. */
  readonly learnsAt?: number
}

/** A link that carries bytes, or has an end that has not learnt of the other's. */
export interface LinkState {
  readonly link: number
  /** Number of the client. */
  readonly actor: number
  readonly client: EndState
  readonly broker: EndState
  readonly isBroken: boolean
  /** Bytes under way to the broker. */
  readonly bytesUp: number
  readonly bytesDown: number
}

/** A connection, as the broker knows it. */
export interface ConnectionState {
  readonly clientId?: string
  readonly connection: 'await-connect' | 'authenticating' | 'connected' | 'closing'
  readonly version?: 4 | 5
  /** When the broker gives the client up. */
  readonly keepAliveAt?: number
}

/** A session, as the broker keeps it. */
export interface SessionState extends DeliveryState, Granted {
  readonly clientId: string
  readonly connection: 'connected' | 'absent'
  /** Seconds that the session lives on without a connection; 4294967295 is for ever. */
  readonly expiry: number
  readonly expiresAt?: number
  readonly will?: {
    readonly topic: string
    readonly payload: Uint8Array
    readonly qos: QoS
    /** Seconds. */
    readonly delay: number
    /** When it is published, once the client is gone. */
    readonly due?: number
  }
}
