import type { PacketRecord } from '../message/packet-record.js'

/** Where a client stands. `error` says why it closed, if nobody asked for it. */
export type Status =
  | { readonly phase: 'connecting' }
  | { readonly phase: 'connected' }
  | { readonly phase: 'closed'; readonly error?: Error }

/** The client's status changed. */
export class StatusEvent extends Event {
  constructor(readonly status: Status) {
    super('status')
  }
}

/** A packet was sent or received. */
export class PacketEvent extends Event {
  constructor(readonly packet: PacketRecord) {
    super('packet')
  }
}
