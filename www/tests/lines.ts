// The lines that a program prints, waited for.
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** All lines so far; who waits for one is told when it comes, or that it will not come any more. */
export class Lines {
  readonly all: string[] = []
  readonly end: () => Promise<void>
  #ended = false
  #wake: (() => void)[] = []

  constructor(output: Readable, end: () => Promise<void>) {
    this.end = end
    const lines = createInterface(output)
    lines.on('line', line => {
      this.all.push(line)
      this.#changed()
    })
    lines.on('close', () => {
      this.#ended = true
      this.#changed()
    })
  }

  /**
   * The first line that `wanted` accepts, printed already or yet to come. Rejects with all lines if
   * it does not come.
   */
  async first(wanted: (line: string) => boolean, milliseconds = 15_000): Promise<string> {
    const late = AbortSignal.timeout(milliseconds)
    late.addEventListener('abort', () => this.#changed())
    for (;;) {
      const found = this.all.find(wanted)
      if (found !== undefined) return found
      const why = this.#ended ? 'it ended' : late.aborted ? 'the time is over' : undefined
      if (why) throw new Error(`${why}, and printed was only:\n${this.all.join('\n')}`)
      await new Promise<void>(resolve => this.#wake.push(resolve))
    }
  }

  #changed(): void {
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }
}
