import { type Acknowledgement, accepted } from '../message/acknowledgement.js'
import type { Receiver } from '../wasm/callbacks.js'
import type { SubscribeArguments } from './request-options.js'

/** A handler and its filters. @internal */
export interface Member extends Receiver {
  readonly number: number
  readonly filters: Set<FilterState>
  /** Called when another call has ended its last subscription. */
  readonly onEnd: (() => void) | undefined
  /** Dispatches the subscription's gaps. */
  events?: EventTarget
}

/** State of a filter at the broker, and the handlers that share it. @internal */
export interface FilterState {
  readonly filter: string
  readonly members: Set<Member>
  /** Options of the accepted SUBSCRIBE, to compare with; empty without one. */
  key: string
  /** Options byte of the accepted SUBSCRIBE. */
  byte: number
  /** Its quality of service. */
  asked: number
  granted: Promise<Acknowledgement>
  /** True if a handler that has left had a message since the last SUBSCRIBE. */
  hadMessage: boolean
  /** SUBSCRIBE under way, with the options that its handler gave. */
  pending: { readonly key: string; readonly byte: number; readonly granted: Promise<Acknowledgement> } | undefined
}

/** Acknowledgement of nothing. @internal */
export const none = Promise.resolve(accepted)

/** Returns the state of a filter without a subscription. @internal */
export function newState(filter: string): FilterState {
  return {
    filter,
    members: new Set(),
    key: '',
    byte: 0,
    asked: 0,
    granted: none,
    hadMessage: false,
    pending: undefined,
  }
}

/**
 * Options of a SUBSCRIBE, to compare with. Retain Handling matters for the SUBSCRIBE alone.
 *
 * @internal
 */
export function keyOf({ properties }: SubscribeArguments, byte: number): string {
  return JSON.stringify([byte & 0x0f, properties])
}

/** True if the filter is a shared one. @internal */
export const isShared = ({ filter }: FilterState) => filter.startsWith('$share/')

/**
 * True if a handler that comes now wants retained messages that it may have missed. A message has
 * come since the last SUBSCRIBE, or that one asked for none. `last` and `byte` are the options of
 * both. @internal
 */
export function missesRetained(state: FilterState, last: number, byte: number): boolean {
  if ((byte & 0x30) > 0 || isShared(state)) return false
  return (last & 0x30) > 0 || state.hadMessage || [...state.members].some(({ hadMessage }) => hadMessage)
}

/** Begins to note messages anew, with a SUBSCRIBE. @internal */
export function forgetMessages(state: FilterState): void {
  state.hadMessage = false
  for (const member of state.members) {
    for (const other of member.filters) if (other !== state) other.hadMessage ||= member.hadMessage === true
    member.hadMessage = false
  }
}
