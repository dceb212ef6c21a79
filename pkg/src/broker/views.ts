import type { QoS } from '../message/message.js'
import type { CoreRows } from '../wasm/interface.js'
import type { ClientInfo, RetainedInfo, SessionInfo } from './events.js'

/** Reads the members of one row after the other. */
interface RowReader {
  number(): number
  text(): string
  bytes(): Uint8Array
}

/** Makes an object of each row. A broker that is not open has none. */
function read<Info>(parts: CoreRows = [], info: (row: RowReader) => Info): Info[] {
  const list: Info[] = []
  for (const [numbers, texts, bytes] of parts) {
    let [place, text, byte] = [0, 0, 0]
    const number = () => numbers[place++] as number
    const row = {
      number,
      text() {
        const from = text
        text += number()
        return texts.slice(from, text)
      },
      bytes() {
        const from = byte
        byte += number()
        return bytes.slice(from, byte)
      },
    }
    while (place < numbers.length) list.push(info(row))
  }
  return list
}

/** @internal */
export const readClients = (parts?: CoreRows): ClientInfo[] =>
  read(parts, row => ({ clientId: row.text(), version: row.number() as 4 | 5 }))

/** @internal */
export const readSessions = (parts?: CoreRows): SessionInfo[] =>
  read(parts, row => {
    const expiresIn = row.number()
    const session = {
      clientId: row.text(),
      connected: row.number() > 0,
      queued: row.number(),
      queuedBytes: row.number(),
      inFlight: row.number(),
      memory: row.number(),
      hasWill: row.number() > 0,
      subscriptions: Array.from({ length: row.number() }, () => ({ filter: row.text(), qos: row.number() as QoS })),
    }
    return expiresIn < 0 ? session : { ...session, expiresIn }
  })

/** @internal */
export const readRetained = (parts?: CoreRows): RetainedInfo[] =>
  read(parts, row => ({ topic: row.text(), qos: row.number() as QoS, payload: row.bytes() }))
