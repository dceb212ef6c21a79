// Random choices from a seed, which a failing test prints and WASMQTT_SEED takes.

/** The seed of this run. */
export const seed = Number(process.env.WASMQTT_SEED ?? Math.floor(Math.random() * 2 ** 32))

/** A source of choices; the same seed gives the same. */
export class Random {
  #state

  constructor(state) {
    this.#state = state >>> 0
  }

  /** A whole number from 0 up to below `end`; mulberry32. */
  below(end) {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * end)
  }

  /** True once in `times`. */
  once(times) {
    return this.below(times) === 0
  }

  flag() {
    return this.once(2)
  }

  pick(list) {
    return list[this.below(list.length)]
  }

  list(length, item) {
    return Array.from({ length }, item)
  }

  bytes(length) {
    return Buffer.from(this.list(length, () => this.below(256)))
  }
}
