// The functions of a module, those that resemble each other side by side: gzip repeats what it has seen in the last 32 KB,
// cheaper the nearer it is, and a module is many times as long.
import { ids, numberBytes, Reader, section } from './sections.mjs'

/** The passes of wasm-opt that put functions in the order of their names, and then take the names out. */
export const orderPasses = ['--reorder-functions-by-name', '--strip-debug']

/** What is compared: as many bytes as the shortest repetition that pays. */
const PIECE_BYTES = 4
/** A piece that more functions have tells nothing. */
const COMMON = 30

/**
 * The module with names for its functions by which those that resemble each other stand side by side.
 *
 * @param {Uint8Array} wasm without names
 */
export function withOrderedNames(wasm) {
  const functions = functionsOf(wasm)
  const imported = importedFunctions(wasm)
  const places = orderOf(functions).map((index, place) => [index + imported, String(place).padStart(6, '0')])
  places.sort(([a], [b]) => a - b)
  const names = places.flatMap(([index, name]) => [...numberBytes(index), ...text(name)])
  const functionNames = [...numberBytes(places.length), ...names]
  const content = [...text('name'), 1, ...numberBytes(functionNames.length), ...functionNames]
  return Buffer.concat([wasm, Uint8Array.of(0, ...numberBytes(content.length), ...content)])
}

/**
 * Indices of the functions: behind each the one that has most in common with it, of those that are left.
 *
 * @param {Uint8Array[]} functions
 */
export function orderOf(functions) {
  const pieces = functions.map(piecesOf)
  const having = new Map()
  for (const [index, set] of pieces.entries()) {
    for (const piece of set) if (!having.get(piece)?.push(index)) having.set(piece, [index])
  }
  const left = new Set(functions.keys())
  const order = []
  for (let next = 0; left.size > 0; ) {
    order.push(next)
    left.delete(next)
    const inCommon = new Map()
    for (const piece of pieces[next]) {
      const others = having.get(piece)
      if (others.length > COMMON) continue
      for (const index of others) if (left.has(index)) inCommon.set(index, (inCommon.get(index) ?? 0) + 1)
    }
    let most = -1
    for (const index of left) {
      const count = inCommon.get(index) ?? 0
      if (count > most) [next, most] = [index, count]
    }
  }
  return order
}

/** The pieces of a function, each once, as numbers. */
function piecesOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const pieces = new Set()
  for (let at = 0; at + PIECE_BYTES <= bytes.length; at++) pieces.add(view.getUint32(at))
  return pieces
}

function functionsOf(wasm) {
  const reader = new Reader(section(wasm, ids.code))
  return Array.from({ length: reader.number() }, () => reader.take(reader.number()))
}

/** How many there are, which have the first indices. */
function importedFunctions(wasm) {
  const reader = new Reader(section(wasm, ids.import))
  let functions = 0
  for (let left = reader.at < reader.bytes.length ? reader.number() : 0; left > 0; left--) {
    reader.take(reader.number())
    reader.take(reader.number())
    if (reader.byte() !== 0) throw new Error('the module imports what is no function')
    reader.number()
    functions++
  }
  return functions
}

const text = string => [...numberBytes(string.length), ...Buffer.from(string)]
