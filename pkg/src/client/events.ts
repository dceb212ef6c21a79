import type { PacketRecord } from '../message/packet-record.js'

/** State of a client. `error` is the cause of an unrequested close. */
export type Status =
  | { readonly phase: 'connecting' }
  | { readonly phase: 'connected' }
  | { readonly phase: 'closed'; readonly error?: Error }

/** Event for a change of the client's status. */
export class StatusEvent extends Event {
  constructor(readonly status: Status) {
    super('status')
  }
}

/** Event for a packet that was sent or received. */
export class PacketEvent extends Event {
  constructor(readonly packet: PacketRecord) {
    super('packet')
  }
}
