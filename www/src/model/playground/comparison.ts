// The same run at each quality of service.
import type { QoS, Trace } from 'wasmqtt/elements'
import type { explain, World } from 'wasmqtt/simulator'
import { settle } from '../tutorial/script.ts'
import { type Counters, count } from './counters.ts'

export interface Variant {
  readonly qos: QoS
  readonly trace: Trace
  readonly counters: Counters
}

/**
 * Runs it at QoS 0, 1 and 2, each until nothing is about to happen.
 *
 * @throws MqttError if a trace is full
 */
export function compare(world: World, match: typeof explain): Variant[] {
  return ([0, 1, 2] as const).map(qos => {
    const variant = world.atQos(qos)
    try {
      settle(variant)
      const trace = variant.trace()
      return { qos, trace, counters: count(trace, variant.snapshot().broker.sessions, match) }
    } finally {
      variant.free()
    }
  })
}
