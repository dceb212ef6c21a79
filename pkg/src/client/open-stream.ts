import type { Handler } from '../message/message.js'
import { MessageQueue, type MessageStream } from '../message/message-stream.js'
import { ignore } from '../util/abort.js'
import { type MessagesOptions, readMessages, type SubscribeOptions } from './request-options.js'
import type { Subscription } from './subscriptions.js'

/**
 * Opens a stream: subscribes a queue, and keeps it in `streams` until it ends. Throws an
 * OptionError at once. @internal
 */
export function openStream(
  options: MessagesOptions | undefined,
  version: 4 | 5,
  streams: Set<MessageQueue>,
  subscribe: (wish: SubscribeOptions, handler: Handler) => Promise<Subscription>,
): MessageStream {
  const { limit, overflow, signal, ...wish } = readMessages(options, version)
  const abort = () => queue.close({ error: signal?.reason })
  const queue = new MessageQueue({ limit, overflow }, () => {
    streams.delete(queue)
    signal?.removeEventListener('abort', abort)
    return unsubscribed(subscribed)
  })
  const subscribed = subscribe(wish, message => queue.push(message))
  subscribed.catch(error => queue.close({ error }))
  streams.add(queue)
  if (signal?.aborted) abort()
  else signal?.addEventListener('abort', abort)
  return queue
}

/** Unsubscribes once the subscription is there. @internal */
export async function unsubscribed(subscribed: Promise<Subscription>): Promise<void> {
  const subscription = await subscribed.catch(ignore)
  await subscription?.unsubscribe()
}
