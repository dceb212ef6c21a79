// Plain data that the elements draw: a trace, as the simulator makes it, and views of its state.

/** Quality of service of a PUBLISH. */
export type QoS = 0 | 1 | 2

/** Bytes, also as pairs of hexadecimal digits. */
export type Bytes = Uint8Array | readonly number[] | string

/** All that happened in a world of one broker and its clients. Times are in milliseconds. */
export interface Trace {
  readonly version: 1
  /** Client identifiers, in the order of their lanes. */
  readonly clients: readonly string[]
  /** The world's clock. */
  readonly now: number
  readonly entries: readonly TraceEntry[]
  /** True if only the clients' ends were seen, so that the broker's side is inferred. */
  readonly isBrokerInferred?: boolean
}

interface Entry {
  /** When it happened; for a packet, when it was sent. */
  readonly at: number
  /** Index of the entry that it follows from. */
  readonly cause?: number
}

/** Fate of a packet. */
export type Fate =
  | { readonly type: 'in-flight' }
  | { readonly type: 'delivered'; readonly at: number }
  | { readonly type: 'lost'; readonly at: number; readonly cause: 'link-cut' | 'receiver-gone' }
  | { readonly type: 'truncated'; readonly at: number; readonly bytes: number }

/** A packet on its way between a client and the broker. */
export interface PacketEntry extends Entry {
  readonly type: 'packet'
  readonly link: number
  /** The client at one end; the broker is at the other. */
  readonly client: string
  /** Up is to the broker. */
  readonly direction: 'up' | 'down'
  readonly bytes: Bytes
  /** Name of the packet's type, as `PUBLISH`; undefined if its first byte is of none. */
  readonly kind?: string
  readonly packetId?: number
  readonly qos?: QoS
  readonly dup?: boolean
  readonly retain?: boolean
  /** Topic name as it stands in the packet; empty behind an alias. */
  readonly topic?: string
  /** When it arrives, or would have. */
  readonly arrivesAt: number
  readonly fate: Fate
  /** Number of packets that this one stands for, as the latest of its topic under a flood. */
  readonly count?: number
}

/** An action of a user or of the network. */
export interface ActionEntry extends Entry {
  readonly type: 'action'
  readonly action: { readonly type: string; readonly client?: string; readonly [member: string]: unknown }
}

/** A deadline of a client that came; without a place the broker's. */
export interface TimerEntry extends Entry {
  readonly type: 'timer'
  readonly place?: string
}

/** An event of the broker. */
export interface BrokerEntry extends Entry {
  readonly type: 'broker'
  readonly event: {
    readonly type: string
    readonly clientId?: string | undefined
    readonly topic?: string
    readonly filter?: string
    readonly fate?: WillFate
    readonly [member: string]: unknown
  }
}

/** An event of a client. */
export interface ClientEntry extends Entry {
  readonly type: 'client'
  readonly client: string
  readonly event: string
  readonly topic?: string
  readonly payload?: Bytes
  readonly qos?: QoS
  readonly dup?: boolean
  readonly error?: string
}

/** A change of a link. The place is the client that opens or closes it. */
export interface LinkEntry extends Entry {
  readonly type: 'link'
  readonly link: number
  readonly event: 'opening' | 'opened' | 'broken' | 'closed'
  readonly place?: string
}

/** The store has written a batch. */
export interface StoredEntry extends Entry {
  readonly type: 'stored'
}

/** Another broker begins in the place of the one before. */
export interface RestartedEntry extends Entry {
  readonly type: 'restarted'
}

export type TraceEntry =
  | PacketEntry
  | ActionEntry
  | TimerEntry
  | BrokerEntry
  | ClientEntry
  | LinkEntry
  | StoredEntry
  | RestartedEntry

/** A field of a packet: a group of fields, or a leaf. */
export interface PacketField {
  /** Offset of its first byte. */
  readonly start: number
  /** Offset behind its last byte. */
  readonly end: number
  /** Highest and lowest bit of a leaf that is part of its byte. */
  readonly bits?: readonly [number, number]
  readonly depth: number
  readonly isGroup: boolean
  readonly name: string
  readonly value?: boolean | number | string | Uint8Array
  /** The value's meaning, as the name of a reason code. */
  readonly meaning?: string
  /** Section of the specification. */
  readonly section?: string
  /** True for bytes that cannot be told apart. */
  readonly isUndecoded?: boolean
}

/** A packet with its fields, as `dissect` of `wasmqtt/simulator` returns them. */
export interface PacketView {
  readonly bytes: Bytes
  readonly fields?: readonly PacketField[]
  /** The fault, and the index of the field that has it. */
  readonly error?: { readonly problem: string; readonly rule?: string; readonly field?: number }
}

/** Comparison of one level of a filter with one of a topic. */
export interface TopicLevel {
  readonly filter?: string | undefined
  readonly topic?: string | undefined
  readonly verdict: 'equal' | 'plus' | 'hash' | 'differs' | 'topic-ended' | 'filter-ended' | 'dollar-hidden'
}

/** A filter of the trie, with its comparison with the topic. */
export interface TrieFilter {
  readonly filter: string
  /** Owner, as a client identifier. */
  readonly owner?: string
  readonly qos?: QoS
  readonly matches?: boolean
  readonly levels?: readonly TopicLevel[]
}

/** A packet identifier in use. */
export interface InFlight {
  readonly packetId: number
  readonly qos?: QoS
  /** The packet that is waited for, as `PUBACK`. */
  readonly awaits: string
  readonly topic?: string
}

/** State of a session, as one side knows it. */
export interface SessionSide {
  /** State of the connection, as `connected`. */
  readonly connection: string
  readonly outgoing?: readonly InFlight[]
  readonly incoming?: readonly InFlight[]
  readonly queued?: readonly { readonly topic: string; readonly qos: QoS }[]
  readonly subscriptions?: readonly { readonly filter: string; readonly qos: QoS }[]
  /** Seconds that the session lives on without a connection. */
  readonly expiry?: number
}

export type WillFate = 'armed' | 'delayed' | 'fired' | 'cleared' | 'cancelled'

/** A will and where it stands. */
export interface WillView {
  readonly topic: string
  readonly payload?: string
  /** Seconds. */
  readonly delay?: number
  readonly fate: WillFate
  /** Keep alive in seconds, and the time at which the broker gives the client up. */
  readonly keepAlive?: number
  readonly deadline?: number
}

/** A guarantee that is watched. */
export interface MonitorView {
  readonly name: string
  /** The guarantee in a sentence. */
  readonly text: string
  readonly state: 'holds' | 'pending' | 'broken'
  /** Entry at which it turned. */
  readonly entry?: number
}

/** A line of time that was left by going back. */
export interface BranchView {
  readonly name: string
}

export interface MqttElements {
  'mqtt-space-time': HTMLElement & {
    trace: Trace | undefined
    /** Time up to which the trace is drawn; undefined is all of it. */
    now: number | undefined
    /** Index of the selected entry. */
    selected: number | undefined
    mode: 'compressed' | 'proportional'
    src: string | undefined
    label: string
  }
  'mqtt-packet': HTMLElement & {
    packet: PacketView | undefined
    /** True if bytes can be typed over. */
    editable: boolean
  }
  'mqtt-topic-trie': HTMLElement & { filters: readonly TrieFilter[]; topic: string; step: number | undefined }
  'mqtt-session': HTMLElement & {
    client: SessionSide | undefined
    broker: SessionSide | undefined
    label: string
  }
  'mqtt-will': HTMLElement & { will: WillView | undefined; now: number }
  'mqtt-transport': HTMLElement & {
    playing: boolean
    disabled: boolean
    now: number
    end: number
    speed: number
    branches: readonly BranchView[]
    branch: number
  }
  'mqtt-monitors': HTMLElement & { monitors: readonly MonitorView[] }
  'mqtt-events': HTMLElement & {
    trace: Trace | undefined
    now: number | undefined
    selected: number | undefined
  }
}

declare global {
  interface HTMLElementTagNameMap extends MqttElements {}
}
