import { optionError } from './validate.js'

/** A listener of an event: a function, or an object with `handleEvent`. */
export type Listener<E> = ((event: E) => unknown) | { handleEvent(event: E): unknown }

/** Options of a listener, as `EventTarget` takes them. */
export interface ListenerOptions {
  readonly capture?: boolean
  readonly once?: boolean
  readonly passive?: boolean
  readonly signal?: AbortSignal
}

/**
 * An event target that tells whether one of its events has a listener, so that this event costs
 * nothing without one.
 *
 * EventTarget does not tell, so this class counts listeners as EventTarget does. A pair of function
 * and `capture` counts once. It counts until it is removed, has run `once`, or its signal aborts.
 */
export abstract class ObservedEventTarget<Events> extends EventTarget {
  readonly #counted: { readonly listener: unknown; readonly capture: boolean; readonly once: boolean }[] = []

  /** Names of the events. Other ones are refused. @internal */
  protected abstract readonly events: readonly string[]

  /** Name of the event whose listeners are counted. @internal */
  protected abstract readonly observed: string

  /** Called when the first listener comes and when the last one goes. @internal */
  protected abstract observe(on: boolean): void

  /** True if the event has a listener. @internal */
  protected get isObserved(): boolean {
    return this.#counted.length > 0
  }

  override addEventListener<K extends keyof Events & string>(
    type: K,
    listener: Listener<Events[K]> | null,
    options?: boolean | ListenerOptions,
  ): void
  override addEventListener(type: string, listener: Listener<Event> | null, options?: boolean | ListenerOptions): void
  override addEventListener(type: string, listener: Listener<never> | null, options?: boolean | ListenerOptions): void {
    this.#check(type)
    super.addEventListener(type, listener as EventListenerOrEventListenerObject | null, options)
    if (type !== this.observed || !listener) return
    const { capture = false, once = false, signal } = optionsOf(options)
    if (signal?.aborted || this.#placeOf(listener, capture) >= 0) return
    signal?.addEventListener('abort', () => this.#forget(listener, capture), { once: true })
    if (this.#counted.push({ listener, capture, once }) === 1) this.observe(true)
  }

  override removeEventListener<K extends keyof Events & string>(
    type: K,
    listener: Listener<Events[K]> | null,
    options?: boolean | ListenerOptions,
  ): void
  override removeEventListener(
    type: string,
    listener: Listener<Event> | null,
    options?: boolean | ListenerOptions,
  ): void
  override removeEventListener(
    type: string,
    listener: Listener<never> | null,
    options?: boolean | ListenerOptions,
  ): void {
    this.#check(type)
    super.removeEventListener(type, listener as EventListenerOrEventListenerObject | null, options)
    if (type === this.observed) this.#forget(listener, optionsOf(options).capture ?? false)
  }

  override dispatchEvent(event: Event): boolean {
    // Before the listeners run, as in EventTarget: a listener may add itself again.
    if (event.type === this.observed) {
      for (const { listener, capture, once } of [...this.#counted]) if (once) this.#forget(listener, capture)
    }
    return super.dispatchEvent(event)
  }

  #check(type: string): void {
    if (this.events.includes(type)) return
    throw optionError('type', type, `the events are ${this.events.join(', ')}`)
  }

  #forget(listener: unknown, capture: boolean): void {
    const place = this.#placeOf(listener, capture)
    if (place < 0) return
    this.#counted.splice(place, 1)
    if (!this.isObserved) this.observe(false)
  }

  #placeOf(listener: unknown, capture: boolean): number {
    return this.#counted.findIndex(each => each.listener === listener && each.capture === capture)
  }
}

function optionsOf(options: boolean | ListenerOptions | undefined): ListenerOptions {
  return typeof options === 'boolean' ? { capture: options } : (options ?? {})
}
