/** What an error carries besides its message. */
export interface ErrorDetails {
  readonly reasonCode?: number | undefined
  readonly cause?: unknown
}

/** The base of all errors of this package. */
export class MqttError extends Error {
  /** MQTT's reason code (MQTT 5.0 §2.4; 3.1.1's return codes are mapped to these), where MQTT has one. */
  readonly reasonCode?: number

  constructor(message: string, { reasonCode, cause }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause })
    if (reasonCode !== undefined) this.reasonCode = reasonCode
  }

  override get name(): string {
    return 'MqttError'
  }
}

/** The caller gave a wrong value: the message names it and says what would be right. Nothing was sent. */
export class OptionError extends MqttError {
  /** The option or argument, such as `keepAlive` or `will.qos`. */
  readonly option: string
  /** Its value; left out where it is secret. */
  readonly value: unknown

  constructor(option: string, value: unknown, message: string, details?: ErrorDetails) {
    super(message, details)
    this.option = option
    this.value = value
  }

  override get name(): string {
    return 'OptionError'
  }
}

/** There was no connection to begin with: the broker refused, did not answer in time, or could not be reached. */
export class ConnectError extends MqttError {
  override get name(): string {
    return 'ConnectError'
  }
}

/** A connection ended that nobody asked to end: lost, not answering, closed or misused by the broker. */
export class ConnectionError extends MqttError {
  /** The rule that the broker broke, as the specification numbers it: `MQTT-3.3.1-4`, or a section such as `§2.1.3`. */
  readonly rule?: string

  constructor(message: string, details?: ErrorDetails & { readonly rule?: string | undefined }) {
    super(message, details)
    if (details?.rule !== undefined) this.rule = details.rule
  }

  override get name(): string {
    return 'ConnectionError'
  }
}

/** A subscription was refused, or its connection ended before the broker answered. */
export class SubscribeError extends MqttError {
  /** The topic filter. */
  readonly filter: string

  constructor(filter: string, message: string, details?: ErrorDetails) {
    super(message, details)
    this.filter = filter
  }

  override get name(): string {
    return 'SubscribeError'
  }
}

/** A message was refused, could not be sent, or its connection ended before the broker acknowledged it. */
export class PublishError extends MqttError {
  override get name(): string {
    return 'PublishError'
  }
}

/** The client was ended, or the broker closed, before the call or meanwhile. */
export class ClosedError extends MqttError {
  override get name(): string {
    return 'ClosedError'
  }
}
