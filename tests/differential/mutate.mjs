// Valid packets made slightly wrong, one at a time.

/** The bytes with one to three changes; mostly the remaining length is set right afterwards. */
export function mutated(random, bytes) {
  let found = Buffer.from(bytes)
  for (let count = 1 + random.below(3); count > 0; count -= 1) found = changed(random, found)
  return random.once(5) ? found : framed(found)
}

function changed(random, bytes) {
  const at = random.below(bytes.length)
  const value = random.pick([0, 1, 2, 3, 0x23, 0x2b, 0x7f, 0x80, 0xc0, 0xed, 0xff, random.below(256)])
  switch (random.below(6)) {
    case 0:
      return patched(bytes, at, bytes[at] ^ (1 << random.below(8)))
    case 1:
      return patched(bytes, at, value)
    case 2:
      return spliced(bytes, at, 1 + random.below(3))
    case 3:
      return spliced(bytes, at, 0, Buffer.from([value]))
    case 4:
      return spliced(bytes, at, 0, bytes.subarray(at, at + 1 + random.below(12)))
    default:
      // The head of a packet has most of its rules.
      return patched(bytes, random.below(Math.min(bytes.length, 12)), value)
  }
}

function patched(bytes, at, value) {
  const found = Buffer.from(bytes)
  found[at] = value
  return found
}

function spliced(bytes, at, length, insert = Buffer.alloc(0)) {
  const found = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + length)])
  return found.length > 0 ? found : bytes
}

/** Where the fixed header's remaining length ends and what it says; undefined if it has no end. */
export function header(bytes) {
  let remaining = 0
  for (let index = 0; index < 4 && 1 + index < bytes.length; index += 1) {
    remaining += (bytes[1 + index] & 0x7f) * 128 ** index
    if (bytes[1 + index] < 0x80) return { end: 2 + index, remaining }
  }
  return undefined
}

/** The bytes with a remaining length that is right, and in its shortest form. */
function framed(bytes) {
  const found = header(bytes)
  if (!found) return bytes
  const body = bytes.subarray(found.end)
  const length = []
  let rest = body.length
  do {
    length.push((rest % 128) | (rest > 127 ? 0x80 : 0))
    rest = Math.floor(rest / 128)
  } while (rest > 0)
  return Buffer.concat([Buffer.from([bytes[0], ...length]), body])
}

/** The first packet alone, if the bytes go beyond it. */
export function first(bytes) {
  const found = header(bytes)
  return found ? bytes.subarray(0, found.end + found.remaining) : bytes
}
