// Draws an element again when a signal of the model changes.
import type { ReactiveController, ReactiveControllerHost } from 'lit'
import type { Readable } from '../model/signal.ts'

/**
 * At most once a frame, however often the signals change: a flood of messages does not hold up the
 * page.
 */
export class Watch implements ReactiveController {
  readonly #host: ReactiveControllerHost
  readonly #signals: readonly Readable<unknown>[]
  #leave: (() => void)[] = []
  #frame: number | undefined

  constructor(host: ReactiveControllerHost, ...signals: readonly Readable<unknown>[]) {
    this.#host = host
    this.#signals = signals
    host.addController(this)
  }

  hostConnected(): void {
    this.#leave = this.#signals.map(signal => signal.subscribe(() => this.#changed()))
    this.#host.requestUpdate()
  }

  hostDisconnected(): void {
    for (const leave of this.#leave) leave()
    this.#leave = []
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
    this.#frame = undefined
  }

  #changed(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined
      this.#host.requestUpdate()
    })
  }
}
