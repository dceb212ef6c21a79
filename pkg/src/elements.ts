// Custom elements that draw MQTT: packets between clients and a broker, their bytes, topics,
// sessions and wills. They take plain data, and need no WebAssembly.
import { Events } from './elements/events.js'
import { Monitors } from './elements/monitors.js'
import { PacketInspector } from './elements/packet.js'
import { SessionPanel } from './elements/session.js'
import { SpaceTime } from './elements/space-time.js'
import { TopicTrie } from './elements/topic-trie.js'
import { TransportBar } from './elements/transport-bar.js'
import { WillStrip } from './elements/will.js'

export type * from './elements/types.js'

const all = [SpaceTime, PacketInspector, TopicTrie, SessionPanel, WillStrip, TransportBar, Monitors, Events]

/**
 * Defines all elements. It may be called again, and leaves a name alone that is defined already.
 */
export function define(): void {
  for (const element of all) if (!customElements.get(element.tag)) customElements.define(element.tag, element)
}
