// Steps of scenarios: time that passes, and clients whose bytes are written by hand.
import type { Action, SimulatedClientOptions } from 'wasmqtt/simulator'
import { calm } from '../tutorial/home.ts'
import type { Item } from '../tutorial/script.ts'

export const settle: Item = { type: 'settle' }
export const wait = (milliseconds: number): Item => ({ type: 'wait', milliseconds })

/** Options of a client with a will, which does not come back by itself. */
export const withWill = (more: SimulatedClientOptions = {}, delay = 0): SimulatedClientOptions => ({
  ...calm,
  will: { topic: 'home/sensor/status', payload: 'offline', ...(delay > 0 ? { delay } : {}) },
  ...more,
})

/** Returns bytes that are written as hexadecimal digits, and text between quotation marks. */
export function bytes(text: string): Uint8Array {
  const parts = text.match(/"[^"]*"|[\da-f]{2}/gi) ?? []
  return Uint8Array.from(
    parts.flatMap(part =>
      part.startsWith('"') ? [...new TextEncoder().encode(part.slice(1, -1))] : [Number.parseInt(part, 16)],
    ),
  )
}

/** A client without code opens a link, and sends packets with time for the answer to each. */
export function dial(client: string, ...packets: readonly string[]): Item[] {
  return [{ type: 'open', client }, settle, ...packets.flatMap(packet => say(client, packet))]
}

export const say = (client: string, packet: string): Item[] => [send(client, packet), settle]

/** A client without code sends a packet, which is under way then. */
export const send = (client: string, packet: string): Action => ({ type: 'send', client, bytes: bytes(packet) })
