// The clients of a world, each with what can be said of it in a word.
import type { Trace, WillView } from 'wasmqtt/elements'
import type { ClientState, Snapshot } from 'wasmqtt/simulator'
import { willOf } from '../tutorial/panels.ts'

/** Connection of a client: that of a simulated one, or what is known of the links of any other. */
export type Standing = Exclude<ClientState['connection'], 'foreign'> | 'open' | 'closed'

export interface Member {
  readonly name: string
  readonly standing: Standing
  /** True if its bytes are written by hand. */
  readonly isRaw: boolean
  readonly subscriptions: readonly { readonly filter: string; readonly qos: number }[]
  readonly will: WillView | undefined
}

export function rosterOf(trace: Trace, now: number, { clients, links }: Snapshot): Member[] {
  return clients.map(({ clientId: name, connection, link, subscriptions }) => {
    const isRaw = connection === 'foreign'
    const isOpen = isRaw && links.some(one => one.link === link && one.client.state === 'open')
    return {
      name,
      isRaw,
      standing: connection === 'foreign' ? (isOpen ? 'open' : 'closed') : connection,
      subscriptions,
      will: willOf(trace, now, name),
    }
  })
}
