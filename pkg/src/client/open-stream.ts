import type { LatestStream } from '../message/latest-stream.js'
import type { Handler, Message } from '../message/message.js'
import type { MessageStream } from '../message/message-stream.js'
import { ignore } from '../util/abort.js'
import type { Receiver } from '../wasm/callbacks.js'
import { loadPart } from '../wasm/lazy-part.js'
import {
  type LatestOptions,
  type MessagesOptions,
  readLatest,
  readMessages,
  type SubscribeOptions,
} from './request-options.js'
import type { SubscriptionEnd } from './subscription-end.js'

type End = { readonly error?: unknown }

/** A stream that the end of the client ends, with an error if there is one. @internal */
export interface Ending {
  close(last: End): void
}

/** A queue between a handler and a loop. */
interface Queue<T> extends Ending {
  dropped: number
  push: Handler
  next(): Promise<IteratorResult<T>>
  return(): Promise<IteratorResult<T>>
  throw(error?: unknown): Promise<IteratorResult<T>>
  drain(): Promise<void>
}

/** Queue of a part, and the bound of what waits for that part. */
interface Plan<T> {
  readonly limit: number
  readonly keepsOldest?: boolean
  /** Returns what a later message with the same key replaces. */
  keyOf(message: Message): unknown
  make(part: Part, onEnd: () => Promise<void>, onDrain: () => Promise<void>): Queue<T>
}

type Part = typeof import('../message/lazy-streams.js')

/** Subscribes a handler. `onEnd` is called when another call has ended its subscription. */
type Subscribe = (wish: SubscribeOptions, receiver: Receiver, onEnd: () => void) => Promise<SubscriptionEnd>

/**
 * Opens a stream: subscribes at once, and keeps it in `streams` until it ends. Throws an
 * OptionError at once. @internal
 */
export function openStream(
  options: MessagesOptions | undefined,
  version: 4 | 5,
  streams: Set<Ending>,
  subscribe: Subscribe,
): MessageStream {
  const { limit, overflow, ...wish } = readMessages(options, version)
  const plan: Plan<Message> = {
    limit,
    keepsOldest: overflow === 'drop-newest',
    keyOf: message => message,
    make: (part, ...ends) => new part.MessageQueue({ limit, overflow }, ...ends),
  }
  return open(plan, wish, streams, subscribe)
}

/** Opens a stream of the latest messages, as `openStream`. @internal */
export function openLatest(
  options: LatestOptions | undefined,
  version: 4 | 5,
  streams: Set<Ending>,
  subscribe: Subscribe,
): LatestStream {
  const { limit, interval, wish } = readLatest(options, version)
  const plan: Plan<Message[]> = {
    limit,
    keyOf: ({ topic }) => topic,
    make: (part, ...ends) => new part.LatestQueue(limit, interval, ...ends),
  }
  return open(plan, wish, streams, subscribe)
}

/**
 * Subscribes, and loads the part with the queue. Messages that come before it wait here, within the
 * same bound. The loop throws if it cannot be loaded.
 */
function open<T>(
  { limit, keepsOldest, keyOf, make }: Plan<T>,
  { signal, ...wish }: SubscribeOptions,
  streams: Set<Ending>,
  subscribe: Subscribe,
) {
  const early = new Map<unknown, Message>()
  let dropped = 0
  let queue: Queue<T> | undefined
  let last: End | undefined
  let ended: Promise<void> | undefined
  const onEnd = () => {
    receiver.handle = undefined
    streams.delete(ending)
    signal?.removeEventListener('abort', abort)
    ended ??= unsubscribed(subscribed)
    return ended
  }
  const ending: Ending = {
    close(given) {
      if (queue) return queue.close(given)
      last ??= given
      onEnd().catch(ignore)
    },
  }
  const abort = () => ending.close({ error: signal?.reason })
  const keep = (message: Message) => {
    const isFull = early.size >= limit && !early.has(keyOf(message))
    if (isFull) dropped++
    if (isFull && keepsOldest) return
    early.delete(isFull ? early.keys().next().value : keyOf(message))
    early.set(keyOf(message), message)
  }
  const receiver: Receiver = { handle: keep }
  // It may throw at once. A signal that is aborted already sends nothing.
  const subscribed = signal?.aborted ? Promise.reject(signal.reason) : subscribe(wish, receiver, () => ending.close({}))
  subscribed.catch(error => ending.close({ error }))
  streams.add(ending)
  if (signal?.aborted) abort()
  else signal?.addEventListener('abort', abort)
  const opening = loadPart(import('../message/lazy-streams.js')).then(part => {
    const made = make(part, onEnd, async () => (await subscribed.catch(ignore))?.drain())
    made.dropped = dropped
    for (const message of early.values()) made.push(message)
    if (receiver.handle) receiver.handle = message => made.push(message)
    if (last) made.close(last)
    queue = made
    return made
  })
  opening.catch(onEnd)
  // At once where there is a queue: a read that follows in the same task finds the end.
  const end = () => queue?.return() ?? endEarly()
  const endEarly = async () => {
    early.clear()
    last ??= {}
    await onEnd()
    return (await opening).return()
  }
  const stream = {
    get dropped() {
      return queue?.dropped ?? dropped
    },
    next: () => (queue ? queue.next() : opening.then(made => made.next())),
    return: end,
    throw: async (error?: unknown) => (queue ?? (await opening)).throw(error),
    drain: async () => (await opening).drain(),
    [Symbol.dispose]: () => void end().catch(ignore),
    [Symbol.asyncDispose]: async () => void (await end()),
    [Symbol.asyncIterator]: () => stream,
  }
  return stream
}

/** Unsubscribes once the subscription is there. @internal */
export async function unsubscribed(subscribed: Promise<SubscriptionEnd>): Promise<void> {
  const subscription = await subscribed.catch(ignore)
  await subscription?.unsubscribe()
}
