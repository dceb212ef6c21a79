// A script: actions of a world as data, and how far time goes between them.
import type { Action, World } from 'wasmqtt/simulator'
import { type IdleProxy, runBehind } from './idle-proxy.ts'

/** Time that passes in a script. */
export type Passing =
  | { readonly type: 'wait'; readonly milliseconds: number; readonly proxy?: IdleProxy }
  /** Until nothing is about to happen. */
  | { readonly type: 'settle' }
  /** Until a packet of this type is sent, which is then under way. */
  | { readonly type: 'sent'; readonly kind: string; readonly client?: string }

export type Item = Action | Passing
export type Script = readonly Item[]

/** Milliseconds without any event after which a world counts as quiet. */
export const QUIET_MS = 3_000

/** Events after which a packet that was waited for is given up. */
const EVENTS = 1_000

/**
 * Does a script in a world.
 *
 * @throws Error if a packet that it waits for is not sent; else as `act` throws.
 */
export function perform(world: World, script: Script): void {
  for (const item of script) {
    if (item.type === 'wait' && item.proxy) runBehind(world, item.proxy, item.milliseconds)
    else if (item.type === 'wait') world.run(item.milliseconds)
    else if (item.type === 'settle') settle(world)
    else if (item.type === 'sent') runUntilSent(world, item)
    else world.act(item)
  }
}

/** True if nothing is about to happen. */
export function isQuiet(world: World): boolean {
  const { now, nextAt } = world.position
  return nextAt === undefined || nextAt - now > QUIET_MS
}

export function settle(world: World): void {
  for (let events = 0; !isQuiet(world); events += 1) {
    if (events === EVENTS) throw new Error(`the world is not quiet after ${EVENTS} events`)
    world.step()
  }
}

function runUntilSent(world: World, { kind, client }: Extract<Passing, { type: 'sent' }>): void {
  const start = world.position.entries
  const isThere = () =>
    world
      .entries(start)
      .some(
        entry => entry.type === 'packet' && entry.kind === kind && (client === undefined || entry.client === client),
      )
  for (let events = 0; !isThere(); events += 1) {
    if (events === EVENTS || !world.step()) throw new Error(`no ${kind} is sent by the world`)
  }
}

/** True if the item only lets time pass. */
export const isPassing = (item: Item): item is Passing =>
  item.type === 'wait' || item.type === 'settle' || item.type === 'sent'
