// What the WebAssembly module exports, and what it calls. The face is written against these types alone, so that one face
// serves both builds; loader.ts holds them against what wasm-bindgen generates.

import type { PropertyList } from '../message/properties.js'
import type { WebSocketLike } from './websocket-like.js'

/** What the module's functions throw. to-error.ts makes the typed error of it. */
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

/** An event of a socket: the part that is read. Only message events have it. */
export type FrameEvent = { readonly data?: unknown } | undefined

/** Options that were checked, in the order in which the module reads them. */
export type CoreOptions = readonly [
  version: 4 | 5,
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
]

/** The flags are QoS and RETAIN as in PUBLISH's first byte. */
export type CoreWill = readonly [topic: string, payload: Uint8Array, flags: number, properties: PropertyList]

/** One client: the machine, its socket and its timer. */
export interface ClientCore {
  opening(): void
  setCredentials(username?: string, password?: Uint8Array): void
  open(socket: WebSocketLike): void
  /** Messages that match the filter are for this handler from now on, or no longer. */
  setHandler(filter: string, handler: number, on: boolean): void
  subscribe(filter: string, options: number, properties?: PropertyList): number
  unsubscribe(filter: string): number
  /** The request's number at QoS 1 and 2; at QoS 0 too if the broker in the page has first to take what came before. */
  publish(topic: string, payload: Uint8Array, flags: number, properties?: PropertyList): number | undefined
  disconnect(reasonCode: number): void
  kill(): void
  wake(): void
  watch(on: boolean): void
  free(): void
}

/** A client of the larger build, which can be linked to a broker of the same module. */
export interface LinkableCore extends ClientCore {
  link(broker: BrokerCore): void
}

/** What the module calls. Nothing of it throws; from all of it the module may be called. */
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
  connected(sessionPresent: boolean, properties: PropertyList): void
  done(request: number, reasonCode: number): void
  failed(request: number, code: string, message: string, reasonCode: number | undefined): void
  closed(code: string, message: string, reasonCode: number | undefined, rule: string | undefined): void
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

/** A rule as the module reads it: the last is its reason code, 0 if it allows. */
export type CoreAccessRule = readonly [
  action: number,
  filter: string,
  clientId: string | undefined,
  username: string | undefined,
  reasonCode: number,
]

/**
 * A broker's options, in the order in which the module reads them; booleans are 0 and 1. What is undefined has its default.
 * The last are the rules of the access list.
 */
export type CoreBrokerOptions = readonly (number | string | undefined | readonly CoreAccessRule[])[]

/** What the module asks. Nothing of it throws; from all of it the module may be called. */
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

/** What the module calls for a peer that is no client of it. Nothing of it throws; from all of it the module may be called. */
export interface PeerSocket {
  transmit(frame: Uint8Array<ArrayBuffer>): void
  /** More may come again. */
  resume(): void
  close(): void
}

/** What the module stores to. Nothing of it throws, and none calls the module before it has returned. */
export interface Storage {
  /** Writes the changes, then calls `stored` or `storeFailed`. */
  write(batch: number, changes: Uint8Array<ArrayBuffer>): void
}

/** The broker in the page. */
export interface BrokerCore {
  /** Gives the peer's number, which is good until the socket is closed from either side. What comes of it waits for `flush`. */
  accept(socket: PeerSocket): number
  /** Gives whether more may come; if not, the socket is told once it may. */
  receive(peer: number, bytes: Uint8Array): boolean
  text(peer: number): void
  setWritable(peer: number, writable: boolean): void
  closed(peer: number): void
  flush(): void
  setAsker(asker: CoreAsker): void
  /** 0 is yes, 0x18 that enhanced authentication goes on, 0x80 and above why not. */
  answer(question: number, reasonCode: number, data?: Uint8Array): void
  publish(topic: string, payload: Uint8Array, flags: number, properties?: PropertyList): number
  /**
   * Messages that match the filter are for this handler of the host's from now on, or (there are no options) no longer. The
   * retained ones come before it returns, unless the host is being called.
   */
  setHandler(filter: string, handler: number, options?: number): void
  clients(): object[]
  sessions(): object[]
  retained(): object[]
  counters(): Float64Array
  disconnect(clientId: string, reasonCode: number, serverReference?: string): boolean
  listen(listener?: (event: object) => void): void
  close(): void
  free(): void
}

/** A broker in the page that has a store. */
export interface StoringCore extends BrokerCore {
  /** Begins with these records, before anything else. Throws if one is damaged; then there is no use in the core. */
  restore(records: Uint8Array, storage: Storage): void
  stored(batch: number): void
  storeFailed(): void
}

/** What all builds export. */
export interface Glue {
  readonly ClientCore: new (host: Host, options: CoreOptions) => ClientCore
  /** Throws if it is no topic filter, or no topic name if none is asked for. */
  check(text: string, isFilter: boolean): void
  readProperties(bytes: Uint8Array): PropertyList
}

/** What the builds with a broker export besides. */
export interface BrokerGlue extends Glue {
  readonly ClientCore: new (host: Host, options: CoreOptions) => LinkableCore
  readonly BrokerCore: new (host: Host, options: CoreBrokerOptions) => BrokerCore
  explain(filter: string, topic: string): object
}

/** What the build with stores exports. */
export interface StoringGlue extends BrokerGlue {
  readonly BrokerCore: new (host: Host, options: CoreBrokerOptions) => StoringCore
}
