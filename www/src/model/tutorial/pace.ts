// Pace of a world on a page: the page's time between two events, whatever it is in the world.

/** Milliseconds of the page for the time between two events, at speed 1. */
const LEAST_MS = 350
const MOST_MS = 1_100
/** Milliseconds of the page for one of the world, between both bounds. */
const STRETCH = 8

/** The way of the clock from one event to the next, at one rate from its beginning to its end. */
export class Leg {
  /** Moments in milliseconds of the world: the next event, and where the clock stands. */
  readonly to: number
  at: number
  /** Milliseconds of the page that were left when the event came. */
  rest = 0
  readonly #from: number
  readonly #pace: number
  #passed = 0

  constructor(from: number, to: number) {
    this.#from = from
    this.at = from
    this.to = to
    this.#pace = to > from ? Math.min(MOST_MS, Math.max(LEAST_MS, (to - from) * STRETCH)) : 0
  }

  /** Lets milliseconds of the page pass. */
  advance(milliseconds: number): void {
    this.#passed += milliseconds
    this.rest = Math.max(0, this.#passed - this.#pace)
    const share = this.#pace > 0 ? this.#passed / this.#pace : 1
    this.at = share < 1 ? this.#from + Math.floor((this.to - this.#from) * share) : this.to
  }
}
