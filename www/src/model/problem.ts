// A problem, as plain data to show.
import { ConnectError, ConnectionError, MqttError } from 'wasmqtt/broker'

/** An error in words, with MQTT's reason code and the broken rule where there is one. */
export interface Problem {
  /** The action that failed. */
  readonly title: string
  readonly text: string
  readonly reasonCode?: number
  readonly rule?: string
}

/** The words for an error; `doing` says what failed where the error itself does not. */
export function problemOf(error: unknown, doing: string): Problem {
  const text = error instanceof Error ? error.message : String(error)
  const code = error instanceof MqttError ? error.reasonCode : undefined
  const rule = error instanceof ConnectionError ? error.rule : undefined
  return {
    title: titleOf(error, doing),
    text,
    ...(code === undefined ? {} : { reasonCode: code }),
    ...(rule === undefined ? {} : { rule }),
  }
}

function titleOf(error: unknown, doing: string): string {
  if (error instanceof ConnectError) return 'Could not connect'
  if (error instanceof ConnectionError) return 'The connection ended'
  return doing
}
