import type { Message } from '../message/message.js'
import type { PacketRecord } from '../message/packet-record.js'
import type { GapEvent, Notice, Status } from './events.js'
import type { Host } from './share/tools.js'

/** Callbacks of a connection. */
export interface Observer {
  onStatus(status: Status, gap?: GapEvent): void
  onPacket(packet: PacketRecord): void
  onNotice(notice: Notice): void
  onUnhandled(message: Message): void
  onError(error: unknown): void
  /** Needs of a connection that all tabs share. */
  readonly sharing: Pick<Host, 'identity' | 'options' | 'open'>
  /** Returns the event for what the subscriptions may have missed in so many milliseconds. */
  gap(isResumed: boolean, absence: number): GapEvent | undefined
}
