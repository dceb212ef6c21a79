// A message as it was received, as plain data to show.
import type { Message, QoS } from 'wasmqtt/broker'

export type { QoS }

/**
 * One received message. Its payload is kept as text only, so that no frame of the network is kept
 * alive.
 */
export interface ReceivedMessage {
  readonly id: number
  readonly topic: string
  /** The payload as UTF-8 text where it is, else as hex digits. */
  readonly form: 'text' | 'hex'
  readonly body: string
  /** True if `body` is only the payload's beginning. */
  readonly cut: boolean
  readonly payloadBytes: number
  readonly qos: QoS
  readonly retain: boolean
  readonly duplicate: boolean
  /** Milliseconds since 1970. */
  readonly receivedAt: number
}

/** The fields of a message to publish. */
export interface Publication {
  readonly topic: string
  readonly payload: string
  readonly qos: QoS
  readonly retain: boolean
}

/** How much of a payload is shown, in bytes. */
export const shownBytesMax = 2048

let count = 0

export function receivedMessage(message: Message, receivedAt: number): ReceivedMessage {
  const { topic, payload, qos, retain, duplicate } = message
  count += 1
  return { id: count, topic, ...payloadOf(payload), payloadBytes: payload.length, qos, retain, duplicate, receivedAt }
}

function payloadOf(payload: Uint8Array): Pick<ReceivedMessage, 'form' | 'body' | 'cut'> {
  const cut = payload.length > shownBytesMax
  const shown = payload.subarray(0, shownBytesMax)
  try {
    // As a stream, since the cut may fall inside a character.
    return { form: 'text', body: new TextDecoder('utf-8', { fatal: true }).decode(shown, { stream: cut }), cut }
  } catch {
    return { form: 'hex', body: hexOf(shown), cut }
  }
}

const hexOf = (bytes: Uint8Array): string => [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(' ')
