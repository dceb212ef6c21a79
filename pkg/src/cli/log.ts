import type { BrokerCause, BrokerEventDetail } from '../broker.js'

export const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type Level = (typeof levels)[number]

/** First reason code that is a refusal. */
const FIRST_ERROR = 0x80

/** Log on the standard error: a line for each event of a level, or of one above it. */
export class Log {
  readonly #from: number

  constructor(level: Level) {
    this.#from = levels.indexOf(level)
  }

  shows(level: Level): boolean {
    return levels.indexOf(level) >= this.#from && this.#from < levels.indexOf('silent')
  }

  write(level: Exclude<Level, 'silent'>, text: string): void {
    if (this.shows(level)) process.stderr.write(`${new Date().toISOString()} ${level.padEnd(5)} ${text}\n`)
  }

  /** Logs an event of the broker. */
  event(detail: BrokerEventDetail): void {
    const level = levelOf(detail)
    if (this.shows(level)) this.write(level, textOf(detail))
  }
}

/**
 * Returns the level of an event. Connections are information; losses and broken rules are warnings.
 */
export function levelOf(detail: BrokerEventDetail): 'debug' | 'info' | 'warn' {
  switch (detail.type) {
    case 'connected':
      return 'info'
    case 'disconnected':
      return detail.cause.kind === 'fault' ? 'warn' : 'info'
    case 'rejected':
    case 'dropped':
    case 'refused':
      return 'warn'
    case 'subscribed':
      return detail.reasonCode >= FIRST_ERROR ? 'warn' : 'debug'
    default:
      return 'debug'
  }
}

/** Formats an event: its type, then its fields. */
export function textOf({ type, ...rest }: BrokerEventDetail): string {
  const words = Object.entries(rest).flatMap(([name, value]) => {
    if (value === undefined) return []
    return name === 'cause' ? causeText(value) : [`${name}=${show(name, value)}`]
  })
  return [type, ...words].join(' ')
}

function causeText(cause: string | BrokerCause<string>): string[] {
  if (typeof cause === 'string') return [`cause=${cause}`]
  const { kind, ...rest } = cause
  const words = Object.entries(rest).filter(([, value]) => value !== undefined)
  return [`cause=${kind}`, ...words.map(([name, value]) => `${name}=${show(name, value)}`)]
}

/**
 * Formats a reason code as MQTT writes it. Text is escaped, so that it stays on its line and cannot
 * control a terminal.
 */
function show(name: string, value: unknown): string {
  if (name === 'reasonCode') return `0x${(value as number).toString(16).toUpperCase().padStart(2, '0')}`
  const text = JSON.stringify(value)
  return text.replace(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, char => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
