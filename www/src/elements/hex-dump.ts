// Bytes as a hex dump: offset, hex digits, and the characters they are in ASCII.

const perLine = 8

/** The lines of a dump of at most `bytesMax` bytes. */
export function hexLines(bytes: Uint8Array, bytesMax: number): string[] {
  const lines: string[] = []
  const end = Math.min(bytes.length, bytesMax)
  for (let offset = 0; offset < end; offset += perLine) {
    lines.push(line(offset, [...bytes.subarray(offset, Math.min(offset + perLine, end))]))
  }
  return lines
}

function line(offset: number, bytes: readonly number[]): string {
  const hex = bytes.map(byte => byte.toString(16).padStart(2, '0')).join(' ')
  const ascii = bytes.map(byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('')
  return `${offset.toString(16).padStart(4, '0')}  ${hex.padEnd(perLine * 3 - 1)}  ${ascii}`
}
