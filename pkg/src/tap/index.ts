// The entry `wasmqtt/tap`: MQTT traffic of any client of a page, for the elements.

export type { Trace } from '../elements/types.js'
export type { PacketKind, PacketRecord } from '../message/packet-record.js'
export {
  Capture,
  type CapturedClient,
  type CapturedPacket,
  type CaptureOptions,
  type CaptureView,
  type ConnectionEvent,
  type ViewOptions,
} from './capture.js'
export { Tap, tap } from './tap.js'
export type { WebSocketClass } from './tapped-socket.js'
