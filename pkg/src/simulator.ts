import type { ModuleSource } from './wasm/module-source.js'
import { simulatorLoader } from './wasm/simulator-module.js'

export type { BrokerOptions } from './broker/options.js'
export type {
  ClientOptions,
  Credentials,
  OfflineOptions,
  QueueOptions,
  ReconnectOptions,
  Will,
} from './client/options.js'
export type {
  ActionEntry,
  BrokerEntry,
  Bytes,
  ClientEntry,
  Fate,
  LinkEntry,
  MonitorView,
  PacketEntry,
  QoS,
  RestartedEntry,
  StoredEntry,
  TimerEntry,
  Trace,
  TraceEntry,
  WillFate,
} from './elements/types.js'
export type { PacketKind, PacketRecord } from './message/packet-record.js'
export type { Action, SimulatedClientOptions } from './simulator/actions.js'
export { type DissectedField, type Dissection, dissect } from './simulator/dissect.js'
export { explain, type FilterMatch, type Matching, type MatchingLevel } from './simulator/explain.js'
export { LiveMonitors } from './simulator/live-monitors.js'
export type { Tick } from './simulator/pace.js'
export type * from './simulator/snapshot.js'
export type { WorldWebSocket } from './simulator/sockets.js'
export type { Branch, Choice, Position } from './simulator/state.js'
export {
  type PlayOptions,
  type RunOptions,
  type SimulatedMessage,
  World,
  type WorldOptions,
} from './simulator/world.js'
export type { PageSocket } from './transport/in-page-websocket.js'
export { MqttError, OptionError } from './util/errors.js'
export type { ModuleSource } from './wasm/module-source.js'

/**
 * Loads the WebAssembly module of the simulator, before the first `new World()`. With a source it
 * is taken from there; without one, from the package.
 *
 * Idempotent: once the module is there, a call resolves, and its source is not used.
 *
 * Rejects with an MqttError, after which it may be called again. Rejects with an OptionError if the
 * source is wrong.
 */
export async function load(source?: ModuleSource): Promise<void> {
  await simulatorLoader.load(source)
}
