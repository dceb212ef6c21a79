import type { LatestStream } from '../message/latest-stream.js'
import type { Handler } from '../message/message.js'
import { MessageQueue, type MessageStream } from '../message/message-stream.js'
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
import type { SubscriptionEnd } from './subscriptions.js'

/** A queue between a handler and a loop. @internal */
export interface Queue {
  push: Handler
  /** Ends the loop, with an error if there is one. */
  close(last: { readonly error?: unknown }): void
}

/** Subscribes a handler. `onEnd` is called when another call has ended its subscription. */
type Subscribe = (wish: SubscribeOptions, receiver: Receiver, onEnd: () => void) => Promise<SubscriptionEnd>

/**
 * Opens a stream: subscribes a queue, and keeps it in `streams` until it ends. Throws an
 * OptionError at once. @internal
 */
export function openStream(
  options: MessagesOptions | undefined,
  version: 4 | 5,
  streams: Set<Queue>,
  subscribe: Subscribe,
): MessageStream {
  const { limit, overflow, ...wish } = readMessages(options, version)
  return open((onEnd, onDrain) => new MessageQueue({ limit, overflow }, onEnd, onDrain), wish, streams, subscribe)
}

/** Opens a stream of the latest messages, as `openStream`. Its part is loaded first. @internal */
export function openLatest(
  options: LatestOptions | undefined,
  version: 4 | 5,
  streams: Set<Queue>,
  subscribe: Subscribe,
): LatestStream {
  const { limit, interval, wish } = readLatest(options, version)
  let opened: { readonly dropped: number } | undefined
  let last: { readonly error?: unknown } | undefined
  const loading: Queue = {
    push: ignore,
    close(given) {
      last = given
    },
  }
  streams.add(loading)
  const opening = loadPart(import('../message/lazy-latest.js')).then(({ LatestQueue }) => {
    const queue = open((onEnd, onDrain) => new LatestQueue(limit, interval, onEnd, onDrain), wish, streams, subscribe)
    opened = queue
    streams.delete(loading)
    if (last) queue.close(last)
    return queue
  })
  const end = async () => (await opening).return()
  const stream: LatestStream = {
    get dropped() {
      return opened?.dropped ?? 0
    },
    next: async () => (await opening).next(),
    return: end,
    throw: async error => (await opening).throw(error),
    drain: async () => (await opening).drain(),
    [Symbol.dispose]: () => void end().catch(ignore),
    [Symbol.asyncDispose]: async () => void (await end()),
    [Symbol.asyncIterator]: () => stream,
  }
  opening.catch(ignore)
  return stream
}

function open<Q extends Queue>(
  make: (onEnd: () => Promise<void>, onDrain: () => Promise<void>) => Q,
  { signal, ...wish }: SubscribeOptions,
  streams: Set<Queue>,
  subscribe: Subscribe,
): Q {
  const abort = () => queue.close({ error: signal?.reason })
  const onEnd = () => {
    receiver.handle = undefined
    streams.delete(queue)
    signal?.removeEventListener('abort', abort)
    return unsubscribed(subscribed)
  }
  const queue = make(onEnd, async () => (await subscribed.catch(ignore))?.drain())
  const receiver: Receiver = { handle: message => queue.push(message) }
  const subscribed = subscribe(wish, receiver, () => queue.close({}))
  subscribed.catch(error => queue.close({ error }))
  streams.add(queue)
  if (signal?.aborted) abort()
  else signal?.addEventListener('abort', abort)
  return queue
}

/** Unsubscribes once the subscription is there. @internal */
export async function unsubscribed(subscribed: Promise<SubscriptionEnd>): Promise<void> {
  const subscription = await subscribed.catch(ignore)
  await subscription?.unsubscribe()
}
