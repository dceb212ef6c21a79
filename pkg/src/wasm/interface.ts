// Interface of the WebAssembly module: its exports, and the callbacks that it imports.
//
// The face is written against these types alone, so that it serves all builds. loader.ts checks
// them against those that wasm-bindgen generates.

import type { PropertyList } from '../message/properties.js'
import type { WebSocketLike } from './websocket-like.js'

/** Error that the module throws. to-error.ts makes the typed error of it. */
export type Failure = readonly [
  code:
    | 'ended'
    | 'not-connected'
    | 'encode'
    | 'queue-full'
    | 'no-packet-id'
    | 'not-supported'
    | 'topic'
    | 'filter'
    | 'property'
    | 'option'
    | 'store',
  message: string,
  reasonCode: number | undefined,
]

/** The part of a socket's event that is read. Only message events have it. */
export type FrameEvent = { readonly data?: unknown } | undefined

/** Checked options of a client, in the order in which the module reads them. */
export type CoreOptions = readonly [
  version: 0 | 4 | 5,
  clientId: string,
  cleanStart: 0 | 1,
  keepAlive: number,
  firstPacketId: number,
  receiveMaximum: number,
  maximumPacketSize: number,
  topicAliasMaximum: number,
  connectTimeout: number,
  queueMessages: number,
  queueBytes: number,
  properties: PropertyList,
  will: CoreWill | readonly [],
  assignedAliases: number,
  requestFilters: number,
  offline: CoreOffline,
  /** Empty: none. */
  authenticationMethod: string,
  life: readonly [servers: number, reconnectMin: number, reconnectMax: number, reconnectStable: number],
]

/** Options of the offline queue, in the order in which the module reads them. */
export type CoreOffline = readonly [
  requests: number,
  /** The new request fails, the oldest message is dropped, or the new one. */
  overflow: 0 | 1 | 2,
  /** All, what is acknowledged, nothing. */
  keep: 0 | 1 | 2,
  /** Milliseconds until a sent request must be answered; 0 is no limit. */
  requestTimeout: number,
  strict: 0 | 1,
]

/** Will of a client. The flags are QoS and RETAIN as in PUBLISH's first byte. */
export type CoreWill = readonly [topic: string, payload: Uint8Array, flags: number, properties: PropertyList]

/** A client: the machine, its socket and its timer. */
export interface ClientCore {
  /**
   * Answers the challenge of this number. Step -1 begins authentication anew, and returns the
   * request's number. Step -2 sets the data of CONNECT. Step -3 ends the exchange, and the
   * connection with it.
   */
  authenticate(step: number, data?: Uint8Array): number
  connect(): void
  /** `lifetime` is in milliseconds. */
  setCredentials(attempt: number, username?: string, password?: Uint8Array, lifetime?: number): void
  open(attempt: number, socket: WebSocketLike): void
  /** Ends an attempt that got no transport. No other follows if it is final. */
  failed(attempt: number, isFinal: boolean): void
  /**
   * Adds a handler of the filter's messages in mode 1, or in mode 2 if it acknowledges by hand.
   * Removes it in mode 0.
   */
  setHandler(filter: string, handler: number, mode: 0 | 1 | 2): void
  /** Acknowledges the message of a ticket. Returns false if the ticket is void. */
  acknowledge(ticket: number, reasonCode: number): boolean
  /** Begins the next slice of messages. */
  resume(): void
  subscribe(filters: readonly string[], options: number, properties?: PropertyList): number
  unsubscribe(filters: readonly string[], properties?: PropertyList): number
  /**
   * Returns the request's number at QoS 1 and 2. At QoS 0 too if an in-page broker still has
   * earlier packets to read.
   */
  publish(topic: string, payload: Uint8Array, flags: number, properties?: PropertyList): number | undefined
  /** Takes a request out of the queue, unless it was sent. */
  withdraw(request: number): void
  /** Returns the waiting requests, their bytes, and the unacknowledged messages. */
  queue(): Float64Array
  disconnect(reasonCode: number, properties?: PropertyList): void
  kill(): void
  /** The page or its network is back, or the network is lost. */
  wake(online: boolean): void
  watch(on: boolean): void
  /**
   * Restores the session of a store, before `connect`. Returns the client identifier, and the
   * number of the first request that is not of the store.
   */
  restore(records: Uint8Array, takesIdentity: boolean): [clientId: string, first: number]
  /**
   * Reports that a batch is durable. -1: a batch could not be written. -2: the page may be gone in
   * a moment.
   */
  stored(batch: number): void
  free(): void
}

/** A client that can be linked to a broker of the same module. */
export interface LinkableCore extends ClientCore {
  link(attempt: number, broker: BrokerCore): void
}

/** Callbacks of a client. None throws, and each may call the module. */
export interface Host {
  frame(event: FrameEvent): number
  fill(address: number, from: number, to: number): void
  route(slot: number, topicAddress: number, topicBytes: number, handlersAddress: number, handlers: number): void
  message(
    slot: number,
    flags: number,
    address: number,
    payloadBytes: number,
    propertiesBytes: number,
    offset: number,
  ): void
  /** Asks for `resume` in a task of its own. */
  pause(): void
  /**
   * `absence` is in milliseconds, and -1 at the first connection. `version` is the protocol level
   * of CONNECT.
   */
  connected(sessionPresent: boolean, properties: PropertyList, absence: number, version: 4 | 5): void
  /**
   * Called for each filter of SUBSCRIBE and UNSUBSCRIBE, as `failed`. The properties are those of
   * the broker's answer, if it has some.
   */
  done(request: number, reasonCode: number, properties: PropertyList | undefined): void
  failed(
    request: number,
    code: string,
    message: string,
    reasonCode: number | undefined,
    properties: PropertyList | undefined,
  ): void
  /** Tells news that ends no request: of a request, or of a filter. */
  notice(
    code: 'unsubscribed' | 'downgraded',
    message: string,
    request: number,
    filter: string,
    reasonCode: number | undefined,
  ): void
  /** Asks for a transport to the server with this index, or with this reference of the broker. */
  open(attempt: number, listed: number, reference: string | undefined): void
  /**
   * Reports the end of an attempt or a connection. The next attempt is in `wait` milliseconds;
   * without, this is the last call.
   */
  closed(
    code: string,
    message: string,
    reasonCode: number | undefined,
    rule: string | undefined,
    properties: PropertyList | undefined,
    wait: number | undefined,
  ): void
  authenticate(challenge: number, properties: PropertyList): void
  /** Writes a batch to the client's store, and then calls `stored`. */
  store(batch: number, changes: Uint8Array): void
  packet(
    outgoing: boolean,
    header: number,
    packetId: number,
    reasonCode: number,
    topic: string | undefined,
    payloadBytes: number,
    bytes: Uint8Array,
  ): void
  tellPackets(): void
}

/** A rule of the access list in the module's form. Its reason code is 0 if it allows. */
export type CoreAccessRule = readonly [
  action: number,
  filter: string,
  clientId: string | undefined,
  username: string | undefined,
  reasonCode: number,
]

/**
 * Options of a broker, in the order in which the module reads them. Booleans are 0 and 1; undefined
 * means the default. The rules of the access list come last.
 */
export type CoreBrokerOptions = readonly (number | string | undefined | readonly CoreAccessRule[])[]

/** Questions of a broker to its hooks. None throws, and each may call the module. */
export interface CoreAsker {
  authenticate(
    question: number,
    clientId: string,
    username: string | undefined,
    password: Uint8Array | undefined,
    version: number,
  ): void
  enhanced(
    question: number,
    clientId: string,
    username: string | undefined,
    password: Uint8Array | undefined,
    method: string,
    data: Uint8Array | undefined,
    again: boolean,
    first: boolean,
    peer: number,
  ): void
  authorize(
    question: number,
    clientId: string,
    username: string | undefined,
    action: string,
    topic: string,
    qos: number,
    retain: boolean,
  ): void
}

/**
 * Socket of a peer that connects from outside the module. No method throws, and each may call the
 * module.
 */
export interface PeerSocket {
  transmit(frame: Uint8Array<ArrayBuffer>): void
  /** Reads on. */
  resume(): void
  close(): void
}

/** Storage of a broker. It does not throw, and does not call the module before it has returned. */
export interface Storage {
  /** Writes the changes, then calls `stored` or `storeFailed`. */
  write(batch: number, changes: Uint8Array<ArrayBuffer>): void
}

/** A broker in the page. */
export interface BrokerCore {
  /**
   * Returns the peer's number, valid until either side closes the socket. Its output waits for
   * `flush`.
   */
  /** `username` is the user name that the socket has proven. */
  accept(socket: PeerSocket, username?: string): number
  /** Returns false if the socket should stop reading, until `resume`. */
  receive(peer: number, bytes: Uint8Array): boolean
  text(peer: number): void
  setWritable(peer: number, writable: boolean): void
  closed(peer: number): void
  flush(): void
  setAsker(asker: CoreAsker): void
  /**
   * Answers a question: 0 is yes, 0x18 continues enhanced authentication, and 0x80 or above is no.
   */
  answer(question: number, reasonCode: number, data?: Uint8Array): void
  publish(topic: string, payload: Uint8Array, flags: number, properties?: PropertyList): number
  /**
   * Adds a handler of the broker's own subscription, or removes it without options. The retained
   * messages come before it returns, unless a callback is running.
   */
  setHandler(filter: string, handler: number, options?: number): void
  clients(): CoreRows
  sessions(): CoreRows
  retained(): CoreRows
  counters(): Float64Array
  disconnect(clientId: string, reasonCode: number, serverReference?: string): boolean
  listen(listener?: (event: object) => void): void
  /** Runs the timers that are due, which may be late. */
  wake(): void
  /**
   * Restores the records once they are loaded, before anything else. Rejects if one is damaged; the
   * core cannot be used then.
   */
  restore(records: Promise<Uint8Array>, storage: Storage): Promise<unknown>
  stored(batch: number): void
  storeFailed(): void
  /** Closes all connections, many of them in later turns. */
  close(): void
  /** True if connections are still to be closed. */
  isClosing(): boolean
  free(): void
}

/**
 * Members of many objects, in parts: their numbers, all their texts as one, and all their bytes as
 * one. The numbers have the length of each text and of each list of bytes in its place.
 */
export type CoreRows = readonly (readonly [numbers: Float64Array, texts: string, bytes: Uint8Array])[]

/** Exports of all builds. */
export interface Glue {
  readonly ClientCore: new (host: Host, options: CoreOptions) => ClientCore
  /** Throws if the text is not a topic filter, or not a topic name. */
  check(text: string, isFilter: boolean): void
  readProperties(bytes: Uint8Array): PropertyList
}

/** Exports of the builds with a broker. */
export interface BrokerGlue extends Glue {
  readonly ClientCore: new (host: Host, options: CoreOptions) => LinkableCore
  readonly BrokerCore: new (host: Host, options: CoreBrokerOptions) => BrokerCore
  explain(filter: string, topic: string): object
}

/** A simulated world. Its calls throw a list of a code and a message. */
export interface WorldCore {
  act(action: readonly unknown[]): void
  run(milliseconds: number): void
  /** Returns false if nothing is pending. */
  step(): boolean
  stepToPacket(client?: string): boolean
  stepToTimer(): boolean
  choices(): unknown
  choose(index: number): void
  state(): unknown
  snapshot(): unknown
  monitors(): unknown
  /** Returns client identifiers, in the order of the actors' numbers. */
  clients(): string[]
  entries(from: number, to: number): unknown
  messages(client: string): unknown
  rewind(milliseconds: number): void
  rewindTo(moment: number): void
  /** Returns true if nothing is left to do. */
  tend(moments: number): boolean
  branches(): unknown
  switch(name: string): void
  rename(name: string): void
  toLink(): string
  atQos(qos: number): WorldCore
  toPcapng(): Uint8Array
  toMermaid(from: number, to: number): string
  toSvg(from: number, to: number): string
  /** Opens a link of a foreign client, which joins at its first. Returns the link's number. */
  openSocket(client: string): number
  sendBytes(client: string, link: number, bytes: Uint8Array): void
  closeSocket(client: string, link: number): void
  /** Returns what has happened on these links since the last call. */
  socketEvents(): unknown
  skipSocketEvents(): void
  /** The callback returns false to stop. Resolves with true at the end. */
  runAsync(milliseconds: number, onSlice: (now: number) => boolean): Promise<unknown>
  play(speed: number, onFrame: (now: number) => boolean): Promise<unknown>
  free(): void
}

/** Exports of the build with the simulator that its face uses. */
/** Monitors of live traffic. */
export interface LiveMonitorsCore {
  packet(isSent: boolean, bytes: Uint8Array, entry: number): boolean
  monitors(): unknown
  free(): void
}

export interface SimulatorGlue {
  readonly WorldCore: {
    new (options: readonly unknown[]): WorldCore
    fromLink(link: string): WorldCore
  }
  readonly LiveMonitorsCore: { new (): LiveMonitorsCore }
  dissect(bytes: Uint8Array, version: number): unknown
  explainAll(topic: string, filters: string[]): unknown
}
