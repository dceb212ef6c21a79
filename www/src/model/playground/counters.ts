// Counts of a run: the fates of its messages, and their cost.
import type { Bytes, Trace } from 'wasmqtt/elements'
import type { explain, Snapshot } from 'wasmqtt/simulator'

export interface Counters {
  /** Messages that clients published. */
  readonly published: number
  /** Copies that subscribers were owed: one for each message and subscriber. */
  readonly owed: number
  readonly delivered: number
  /** Copies that came again. */
  readonly duplicate: number
  /** Copies that still wait in a session for a subscriber that is away. */
  readonly waiting: number
  readonly lost: number
  /** PUBLISH packets and their answers, on both hops. */
  readonly packets: number
  readonly bytes: number
}

/** Copies of one message that one receiver was owed, and got. */
interface Account {
  readonly receiver: string
  owed: number
  got: number
}

const shared = /^\$share\/([^/]+)\/(.+)$/

/**
 * Counts a run. A subscriber is owed each message that another client has published while it was
 * subscribed to the topic, whether it was connected or not. A shared subscription is one
 * subscriber.
 *
 * @param compare compares a topic with filters
 */
export function count(trace: Trace, sessions: Snapshot['broker']['sessions'], compare: typeof explain): Counters {
  const filters = new Map<string, Set<string>>()
  const accounts = new Map<string, Account>()
  const totals = { published: 0, packets: 0, bytes: 0 }
  for (const entry of trace.entries) {
    if (entry.type === 'broker') note(filters, entry.event)
    else if (entry.type === 'packet' && /^PUB/.test(entry.kind ?? '')) {
      totals.packets += 1
      totals.bytes += entry.bytes.length
    } else if (entry.type === 'action' && entry.action.type === 'publish') {
      const { client = '', topic, payload } = entry.action as { client?: string; topic?: string; payload?: Bytes }
      totals.published += 1
      for (const receiver of receiversOf(filters, topic ?? '', client, compare)) {
        accountOf(accounts, receiver, topic, payload).owed += 1
      }
    } else if (entry.type === 'client' && entry.event === 'message') {
      const { topic, payload } = entry
      const receivers = [entry.client, ...groupsOf(filters.get(entry.client))]
      for (const receiver of receivers) {
        const account = accounts.get(keyOf(receiver, topic, payload))
        if (account) account.got += 1
      }
    }
  }
  return { ...totals, ...sum([...accounts.values()], sessions) }
}

function note(
  filters: Map<string, Set<string>>,
  event: { type: string; clientId?: string | undefined; filter?: string },
) {
  const { type, clientId = '', filter = '' } = event
  const all = filters.get(clientId) ?? new Set()
  filters.set(clientId, all)
  if (type === 'subscribed') all.add(filter)
  if (type === 'unsubscribed') all.delete(filter)
}

/** The clients and groups that have subscribed to a topic, but for the publisher. */
function receiversOf(
  filters: ReadonlyMap<string, ReadonlySet<string>>,
  topic: string,
  publisher: string,
  compare: typeof explain,
): Set<string> {
  const found = new Set<string>()
  for (const [client, own] of filters) {
    for (const filter of own) {
      const [, group, rest = filter] = shared.exec(filter) ?? []
      if (client === publisher && group === undefined) continue
      if (compare(topic, [rest]).filters[0]?.matches) found.add(group === undefined ? client : `$share/${group}`)
    }
  }
  return found
}

const groupsOf = (own: ReadonlySet<string> = new Set()): string[] =>
  [...own].flatMap(filter => {
    const group = shared.exec(filter)?.[1]
    return group === undefined ? [] : [`$share/${group}`]
  })

function accountOf(accounts: Map<string, Account>, receiver: string, topic = '', payload?: Bytes): Account {
  const key = keyOf(receiver, topic, payload)
  const account = accounts.get(key) ?? { receiver, owed: 0, got: 0 }
  accounts.set(key, account)
  return account
}

const keyOf = (receiver: string, topic = '', payload: Bytes = ''): string =>
  JSON.stringify([receiver, topic, typeof payload === 'string' ? payload : Array.from(payload)])

function sum(accounts: readonly Account[], sessions: Snapshot['broker']['sessions']) {
  const missing = new Map<string, number>()
  const result = { owed: 0, delivered: 0, duplicate: 0, waiting: 0, lost: 0 }
  for (const { receiver, owed, got } of accounts) {
    result.owed += owed
    result.delivered += Math.min(owed, got)
    result.duplicate += Math.max(0, got - owed)
    missing.set(receiver, (missing.get(receiver) ?? 0) + Math.max(0, owed - got))
  }
  for (const [receiver, copies] of missing) {
    const kept = sessions.find(({ clientId }) => clientId === receiver)
    const waiting = Math.min(copies, kept ? kept.queued.length + kept.outgoing.length : 0)
    result.waiting += waiting
    result.lost += copies - waiting
  }
  return result
}
