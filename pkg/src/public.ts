// Exports that both entries share: one set of errors, events and types.

export type { Address } from './client/address.js'
export type { AuthenticationStep, Authenticator, Reauthentication } from './client/authentication.js'
export { BaseClient, type ClientEventMap } from './client/client.js'
export type { EndOptions } from './client/end-options.js'
export {
  ClientErrorEvent,
  type ConnectedStatus,
  GapEvent,
  type Notice,
  NoticeEvent,
  PacketEvent,
  type ShareRole,
  type Status,
  StatusEvent,
  UnhandledEvent,
} from './client/events.js'
export type {
  ClientOptions,
  Credentials,
  OfflineOptions,
  QueueOptions,
  ReconnectOptions,
  Will,
} from './client/options.js'
export type { RequestLimits } from './client/request-limits.js'
export type {
  DrainOptions,
  LatestOptions,
  MessagesOptions,
  PublishOptions,
  RequestOptions,
  SubscribeOptions,
  UnsubscribeOptions,
} from './client/request-options.js'
export type { QueueState, ServerLimits } from './client/server.js'
export type { SubscriptionEnd } from './client/subscription-end.js'
export type {
  GrantedFilter,
  Subscription,
  SubscriptionGroup,
  SubscriptionOf,
} from './client/subscriptions.js'
export type { Acknowledgement } from './message/acknowledgement.js'
export type { LatestStream } from './message/latest-stream.js'
export type { Handler, Message, Payload, QoS, RejectCode } from './message/message.js'
export type { MessageStream } from './message/message-stream.js'
export type { PacketKind, PacketRecord } from './message/packet-record.js'
export type { ConnackProperties, MessageProperties, UserProperties } from './message/properties.js'
export { indexedDb } from './store/indexed-db.js'
export { memory, type Store, type StoreChange, StoreError, type StoreRecord } from './store/store.js'
export * from './util/errors.js'
export type { Listener, ListenerOptions } from './util/observed-event-target.js'
export type { ModuleSource } from './wasm/module-source.js'
export type { WebSocketLike } from './wasm/websocket-like.js'
