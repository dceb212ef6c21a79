import { type Ending, openStream } from '../client/open-stream.js'
import { type MessagesOptions, readSubscribe } from '../client/request-options.js'
import type { Subscription } from '../client/subscriptions.js'
import { accepted } from '../message/acknowledgement.js'
import type { Handler } from '../message/message.js'
import type { MessageStream } from '../message/message-stream.js'
import { ignore } from '../util/abort.js'
import { reportUncaught } from '../util/report-error.js'
import { bool, fields, oneOf, signal, text } from '../util/validate.js'
import { ClientHost, type Life, type Receiver } from '../wasm/callbacks.js'
import type { BrokerCore, Host } from '../wasm/interface.js'
import type { Engine } from '../wasm/loader.js'
import { thrownError } from '../wasm/to-error.js'

/**
 * Options of `broker.subscribe`. There is no quality of service: a message has the one that it was
 * published with.
 */
export interface HostSubscribeOptions {
  /** True to leave out messages of `broker.publish`. Default false. */
  readonly noLocal?: boolean
  /** True to keep the RETAIN flag that a message was published with. Default false. */
  readonly retainAsPublished?: boolean
  /**
   * When retained messages come first: always with 0 and 1, since each subscription is new; never
   * with 2. Default 0.
   */
  readonly retainHandling?: 0 | 1 | 2
  /** Signal that rejects with its reason. Once subscribed, it unsubscribes. */
  readonly signal?: AbortSignal
}

/** Options of `broker.messages`. */
export interface HostMessagesOptions extends HostSubscribeOptions, Pick<MessagesOptions, 'limit' | 'overflow'> {}

const hostFields = fields({
  noLocal: bool,
  retainAsPublished: bool,
  retainHandling: oneOf(0, 1, 2),
  signal,
})

/** Callbacks for events that cannot occur, since there is no connection. */
const nobody: Life & Omit<Host, keyof ClientHost> = {
  done: ignore,
  failed: ignore,
  open: ignore,
  connected: ignore,
  notice: ignore,
  store: ignore,
  authenticate: ignore,
  closed: ignore,
  onPacket: ignore,
  pause: ignore,
  onUnhandled: ignore,
  onError: reportUncaught,
  onForgotten: ignore,
  acknowledge: () => false,
}

/** A handler, with the function that ends it. */
interface Member extends Receiver {
  end(): Promise<void>
}

/** The page's own subscriptions at its broker. @internal */
export class OwnSubscriptions {
  readonly #members = new Map<number, Member>()
  readonly #streams = new Set<Ending>()
  #next = 0

  readonly #loaded: Promise<unknown>
  readonly #open: () => BrokerCore

  /** `open` returns the core, or throws once the broker is closed. */
  constructor(loaded: Promise<unknown>, open: () => BrokerCore) {
    this.#loaded = loaded
    this.#open = open
  }

  /** Returns the callbacks by which the module delivers messages. */
  host({ memory, glue }: Engine): Host {
    return Object.assign(new ClientHost(memory, glue, this.#members, nobody), nobody)
  }

  /** Adds a handler. Throws an OptionError at once. */
  subscribe(filter: string, options: unknown, handle: Handler): Promise<Subscription> {
    const given = hostFields(options, 'options')
    const { byte } = readSubscribe(given, 5)
    return this.#join(text(filter, 'filter'), byte, handle, given.signal)
  }

  messages(filter: string, options: HostMessagesOptions | undefined): MessageStream {
    return openStream(options, 5, this.#streams, (wish, receiver) =>
      this.subscribe(filter, wish, message => receiver.handle?.(message)),
    )
  }

  /** Ends all subscriptions with the broker. */
  close(last: { readonly error?: unknown }): void {
    for (const { end } of this.#members.values()) end().catch(ignore)
    for (const stream of this.#streams) stream.close(last)
  }

  async #join(filter: string, byte: number, handle: Handler, signal: AbortSignal | undefined): Promise<Subscription> {
    const number = this.#next++
    await this.#loaded
    const core = this.#open()
    const end = async () => {
      member.handle = undefined
      signal?.removeEventListener('abort', end)
      if (this.#members.delete(number)) core.setHandler(filter, number)
    }
    const member: Member = { handle, end }
    signal?.throwIfAborted()
    signal?.addEventListener('abort', end)
    this.#members.set(number, member)
    try {
      // The retained messages come before it returns.
      core.setHandler(filter, number, byte)
    } catch (error) {
      this.#members.delete(number)
      end()
      throw thrownError(error, { kind: 'subscribe', filter })
    }
    signal?.throwIfAborted()
    return {
      filter,
      qos: 2,
      acknowledgement: accepted,
      // Without a connection it has no gaps.
      addEventListener: ignore,
      removeEventListener: ignore,
      unsubscribe: end,
      drain: end,
      [Symbol.dispose]: () => void end(),
      [Symbol.asyncDispose]: end,
    }
  }
}
