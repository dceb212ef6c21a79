// A long trace for measurements: messages at each quality of service, every hundredth packet lost.
import type { PacketEntry, QoS, Trace, TraceEntry } from 'wasmqtt/elements'

const flows = [
  ['PUBLISH'],
  ['PUBLISH', 'PUBACK'],
  ['PUBLISH', 'PUBREC', 'PUBREL', 'PUBCOMP'],
] as const satisfies Record<QoS, readonly string[]>

/** Returns a trace of so many packets between one sensor, one broker and one dashboard. */
export function longTrace(packets: number): Trace {
  const entries: TraceEntry[] = []
  let [at, count, message] = [0, 0, 0]
  while (count < packets) {
    const qos = (message % 3) as QoS
    for (const hop of [0, 1]) {
      for (const [step, kind] of flows[qos].entries()) {
        if (count >= packets) break
        entries.push(packet({ at, kind, qos, actor: hop, step, message, isLost: count % 100 === 99 }))
        at += 20
        count += 1
      }
    }
    message += 1
    at += message % 10 === 0 ? 700 : 0
  }
  return { version: 1, clients: ['sensor', 'dashboard'], now: at, entries }
}

interface Step {
  at: number
  kind: string
  qos: QoS
  actor: number
  step: number
  message: number
  isLost: boolean
}

function packet({ at, kind, qos, actor, step, message, isLost }: Step): PacketEntry {
  const isForward = step % 2 === 0
  return {
    type: 'packet',
    at,
    link: actor,
    client: actor === 0 ? 'sensor' : 'dashboard',
    direction: isForward === (actor === 0) ? 'up' : 'down',
    kind,
    bytes: '',
    arrivesAt: at + 20,
    fate: isLost ? { type: 'lost', at: at + 10, cause: 'link-cut' } : { type: 'delivered', at: at + 20 },
    ...(kind === 'PUBLISH' ? { qos, topic: 'home/kitchen/temperature' } : {}),
    ...(qos > 0 ? { packetId: (message % 65_535) + 1 } : {}),
  }
}
