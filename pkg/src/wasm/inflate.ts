/** Lengths of a match by symbol, from 257 on (RFC 1951 §3.2.5). */
const lengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
const distanceBits = Array.from({ length: 30 }, (_, symbol) => Math.max(0, (symbol >> 1) - 1))
/** Sums of the ranges before each symbol. */
const sums = (bits: readonly number[]) =>
  bits.map((_, symbol) => bits.slice(0, symbol).reduce((sum, extra) => sum + (1 << extra), 0))
const lengthSums = sums(lengthBits)
const distanceSums = sums(distanceBits)
/** Order of the lengths of code lengths (RFC 1951 §3.2.7). */
const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

/** Huffman code: the number of codes of each length, and the symbols in their order. */
interface Code {
  readonly counts: readonly number[]
  readonly symbols: readonly number[]
}

/** Decodes base64 and decompresses it. */
export const unpack = (base64: string, size: number): Uint8Array<ArrayBuffer> =>
  inflate(
    Uint8Array.from(atob(base64), letter => letter.charCodeAt(0)),
    size,
  )

/**
 * Decompresses raw DEFLATE data (RFC 1951) of `size` bytes, which the build has compressed. Not
 * every platform has a DecompressionStream.
 */
export function inflate(data: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const output = new Uint8Array(size)
  const bits = new BitReader(data)
  let end = 0
  let isLast: number
  do {
    isLast = bits.read(1)
    const type = bits.read(2)
    if (type === 0) {
      const stored = bits.stored()
      output.set(stored, end)
      end += stored.length
    } else {
      const [literals, distances] = type === 1 ? fixedCodes() : readCodes(bits)
      end = expand(bits, literals, distances, output, end)
    }
  } while (!isLast)
  return output
}

/** Reader of bits, the lowest of each byte first. */
class BitReader {
  readonly #data: Uint8Array
  #position = 0
  #held = 0
  #count = 0

  constructor(data: Uint8Array) {
    this.#data = data
  }

  read(count: number): number {
    while (this.#count < count) {
      this.#held |= (this.#data[this.#position++] ?? 0) << this.#count
      this.#count += 8
    }
    const value = this.#held & ((1 << count) - 1)
    this.#held >>>= count
    this.#count -= count
    return value
  }

  /** Reads a symbol. Codes of one length are successive numbers. */
  symbol({ counts, symbols }: Code): number {
    let code = 0
    let first = 0
    let index = 0
    for (let length = 1; ; length++) {
      const count = counts[length] as number
      code |= this.read(1)
      if (code - count < first) return symbols[index + code - first] as number
      index += count
      first = (first + count) << 1
      code <<= 1
    }
  }

  /** Reads a stored block, which begins at the next byte (RFC 1951 §3.2.4). */
  stored(): Uint8Array {
    this.#held = this.#count = 0
    const length = this.read(16)
    const start = this.#position + 2
    this.#position = start + length
    return this.#data.subarray(start, this.#position)
  }
}

/** Decodes a block's literals and matches into `output`, and returns the new end. */
function expand(bits: BitReader, literals: Code, distances: Code, output: Uint8Array, start: number): number {
  let end = start
  for (;;) {
    const symbol = bits.symbol(literals)
    if (symbol === 256) return end
    if (symbol < 256) {
      output[end++] = symbol
      continue
    }
    // The longest match has a symbol of its own, without extra bits.
    const length = symbol === 285 ? 258 : 3 + read(bits, lengthSums, lengthBits, symbol - 257)
    const from = end - 1 - read(bits, distanceSums, distanceBits, bits.symbol(distances))
    // A match may overlap with itself.
    for (let index = 0; index < length; index++) output[end++] = output[from + index] as number
  }
}

const read = (bits: BitReader, sums: readonly number[], extra: readonly number[], symbol: number) =>
  (sums[symbol] as number) + bits.read(extra[symbol] as number)

const fixedCodes = (): [Code, Code] => [
  code(Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8))),
  code(Array.from({ length: 30 }, () => 5)),
]

/** Reads the codes of a block with codes of its own (RFC 1951 §3.2.7). */
function readCodes(bits: BitReader): [Code, Code] {
  const literals = bits.read(5) + 257
  const distances = bits.read(5) + 1
  const given = bits.read(4) + 4
  const short: number[] = Array.from({ length: 19 }, () => 0)
  for (const place of order.slice(0, given)) short[place] = bits.read(3)
  const lengthCode = code(short)
  const lengths: number[] = []
  while (lengths.length < literals + distances) {
    const symbol = bits.symbol(lengthCode)
    if (symbol < 16) lengths.push(symbol)
    else {
      const value = symbol === 16 ? (lengths.at(-1) as number) : 0
      const times = symbol === 16 ? 3 + bits.read(2) : symbol === 17 ? 3 + bits.read(3) : 11 + bits.read(7)
      for (let index = 0; index < times; index++) lengths.push(value)
    }
  }
  return [code(lengths.slice(0, literals)), code(lengths.slice(literals))]
}

/** Returns the code whose symbols have these lengths; 0 is a symbol that is not used. */
function code(lengths: readonly number[]): Code {
  const counts: number[] = Array.from({ length: 16 }, () => 0)
  const symbols: number[] = []
  for (let length = 1; length < 16; length++) {
    for (const [symbol, own] of lengths.entries()) if (own === length) symbols.push(symbol)
    counts[length] = symbols.length - counts.slice(0, length).reduce((sum, count) => sum + count, 0)
  }
  return { counts, symbols }
}
