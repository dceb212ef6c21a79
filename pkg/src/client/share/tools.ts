import type { Acknowledgement } from '../../message/acknowledgement.js'
import type { HeldAck, HeldMessage, watchForgotten } from '../../message/held-message.js'
import type { Message, ReceivedMessage } from '../../message/message.js'
import type { PacketRecord } from '../../message/packet-record.js'
import type { ConnackProperties, fromList } from '../../message/properties.js'
import type { Receiver } from '../../wasm/callbacks.js'
import type { Glue } from '../../wasm/interface.js'
import type { requestError, thrownError } from '../../wasm/to-error.js'
import type { BaseClient } from '../client.js'
import type { GapEvent, Notice, Status } from '../events.js'
import type { QueueLimits } from '../offline-queue.js'
import type { ClientOptions } from '../options.js'
import type { ServerLimits } from '../server.js'
import type { subscriptionEnd } from '../subscription-end.js'

/** Parts of the rest that shared connections use. This part imports types alone. */
export interface Tools {
  readonly ReceivedMessage: typeof ReceivedMessage
  readonly HeldMessage: typeof HeldMessage
  readonly HeldAck: typeof HeldAck
  readonly watchForgotten: typeof watchForgotten
  readonly GapEvent: typeof GapEvent
  readonly fromList: typeof fromList
  readonly thrownError: typeof thrownError
  readonly requestError: typeof requestError
  readonly subscriptionEnd: typeof subscriptionEnd
  /** All classes of errors, by name. */
  readonly errors: Omit<typeof import('../../util/errors.js'), 'LoadError'>
}

/** Facts of the broker's acceptance, for each tab. */
export interface Connected {
  readonly resumed: boolean
  readonly clientId: string
  readonly properties: ConnackProperties
  readonly server: ServerLimits
  /** Milliseconds without a connection; -1 at the first one. */
  readonly absence: number
}

/** The client of a tab, as the part for shared connections sees it. */
export interface Host {
  readonly share: string | undefined
  /** Values that have to be the same in all tabs. */
  readonly identity: Readonly<Record<string, unknown>>
  readonly version: 4 | 5 | 'auto'
  /** Options as given. */
  readonly options: ClientOptions
  readonly queue: QueueLimits
  readonly glue: Glue
  readonly cleanUp: Set<() => void>
  /** Creates the client that holds the connection. */
  open(options: ClientOptions): BaseClient
  connected(connected: Connected): void
  /** Sets the status while there is no connection. */
  setStatus(status: Status): void
  /** Ends the client. */
  finish(error: Error | undefined): void
  /** Ends a request, with the broker's answer or an error. */
  settle(request: number, answer: Acknowledgement | undefined, error?: unknown): void
  /** Notes a promise for which the end of the client waits. */
  closing(closed: Promise<unknown>): void
  deliver(receiver: Receiver, message: Message): void
  onPacket(packet: PacketRecord): void
  onNotice(notice: Notice): void
  onUnhandled(message: Message): void
  onError(error: unknown): void
}
