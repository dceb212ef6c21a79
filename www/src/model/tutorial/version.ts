// The protocol version of a packet, which its bytes alone do not tell.
import type { PacketEntry, Trace } from 'wasmqtt/elements'

/** Place of the protocol level in a CONNECT of less than 128 bytes; longer ones have it later. */
const LEVEL = 8

/** Returns the version that the CONNECT of the packet's link names. */
export function versionOf({ entries }: Trace, { link }: PacketEntry): 4 | 5 {
  for (const entry of entries) {
    if (entry.type !== 'packet' || entry.link !== link || entry.kind !== 'CONNECT') continue
    const bytes = entry.bytes as Uint8Array
    let place = LEVEL
    while (((bytes[place - LEVEL + 1] ?? 0) & 0x80) !== 0) place += 1
    return bytes[place] === 4 ? 4 : 5
  }
  return 5
}
