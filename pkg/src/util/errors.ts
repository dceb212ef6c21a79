/** User properties, as in `message/properties.ts`, which this folder does not import. */
type UserProperties = readonly (readonly [name: string, value: string])[]

/** Details of an error besides its message. */
export interface ErrorDetails {
  readonly reasonCode?: number | undefined
  readonly cause?: unknown
  readonly reasonString?: string | undefined
  readonly userProperties?: UserProperties | undefined
}

/** Base class of all errors of this package. */
export class MqttError extends Error {
  /**
   * MQTT's reason code, where MQTT has one (MQTT 5.0 §2.4). Return codes of 3.1.1 are mapped to
   * these.
   */
  readonly reasonCode?: number

  /** The peer's words for it, where it sent some. 5.0 only. */
  readonly reasonString?: string
  /** User properties of the peer's packet. 5.0 only. */
  readonly userProperties?: UserProperties

  constructor(message: string, details: ErrorDetails = {}) {
    const { reasonCode, cause, reasonString, userProperties } = details
    super(message, cause === undefined ? undefined : { cause })
    if (reasonCode !== undefined) this.reasonCode = reasonCode
    if (reasonString !== undefined) this.reasonString = reasonString
    if (userProperties !== undefined) this.userProperties = userProperties
  }

  override get name(): string {
    return 'MqttError'
  }
}

/**
 * A wrong value of the caller. The message names the option, the value and the fix. Nothing was
 * sent.
 */
export class OptionError extends MqttError {
  /** The option or argument, such as `keepAlive` or `will.qos`. */
  readonly option: string
  /** Its value; undefined where it is secret. */
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

/** A failure to load the WebAssembly module. The message names the place, the cause and the fix. */
export class LoadError extends MqttError {
  override get name(): string {
    return 'LoadError'
  }
}

/**
 * Place at which an attempt to connect failed: opening the WebSocket, agreeing on its subprotocol
 * `mqtt`, or the broker's answer to CONNECT.
 */
export type ConnectPhase = 'opening' | 'subprotocol' | 'CONNACK'

/** Details of a ConnectError. */
export interface ConnectDetails extends ErrorDetails {
  readonly phase?: ConnectPhase | undefined
  readonly url?: string | undefined
  readonly closeCode?: number | undefined
}

/** A failure to connect: the broker refused, did not answer in time, or could not be reached. */
export class ConnectError extends MqttError {
  /** Place at which the attempt failed, if it had begun. */
  readonly phase?: ConnectPhase
  /** URL without user name, password and query. */
  readonly url?: string
  /** Close code of the WebSocket (RFC 6455 §7.4.1), if it has closed. */
  readonly closeCode?: number

  constructor(message: string, details: ConnectDetails = {}) {
    super(message, details)
    const { phase, url, closeCode } = details
    if (phase) this.phase = phase
    if (url !== undefined) this.url = url
    if (closeCode !== undefined) this.closeCode = closeCode
  }

  override get name(): string {
    return 'ConnectError'
  }
}

/**
 * Error that a function for credentials throws when there are none, such as after a log-out. The
 * client ends with it. After any other error it tries again.
 */
export class Unauthorized extends MqttError {
  override get name(): string {
    return 'Unauthorized'
  }
}

/** An unrequested end of a connection: lost, not answering, closed or misused by the broker. */
export class ConnectionError extends MqttError {
  /**
   * The rule that the broker broke, as the specification numbers it. Examples: `MQTT-3.3.1-4`,
   * `§2.1.3`.
   */
  readonly rule?: string

  constructor(message: string, details?: ErrorDetails & { readonly rule?: string | undefined }) {
    super(message, details)
    if (details?.rule !== undefined) this.rule = details.rule
  }

  override get name(): string {
    return 'ConnectionError'
  }
}

/**
 * A failed subscription: the broker refused it, or the connection ended before the broker answered.
 */
export class SubscribeError extends MqttError {
  /** The topic filter; with several, the first that failed. */
  readonly filter: string
  /** One error for each filter, if several failed. */
  readonly errors?: readonly SubscribeError[]

  constructor(
    filter: string,
    message: string,
    details?: ErrorDetails & { readonly errors?: readonly SubscribeError[] },
  ) {
    super(message, details)
    this.filter = filter
    if (details?.errors) this.errors = details.errors
  }

  override get name(): string {
    return 'SubscribeError'
  }
}

/** A failed message: refused, not sent, or not acknowledged before its connection ended. */
export class PublishError extends MqttError {
  override get name(): string {
    return 'PublishError'
  }
}

/**
 * A request that was sent, and whose answer will not come, since its session or its connection is
 * lost. Whether the broker has done it is unknown.
 */
export class IndeterminateError extends MqttError {
  override get name(): string {
    return 'IndeterminateError'
  }
}

/**
 * A request without an answer in time. Whether the broker has done it is unknown.
 */
export class TimeoutError extends MqttError {
  override get name(): string {
    return 'TimeoutError'
  }
}

/**
 * A call to a client that was ended, or to a broker that was closed, before the call or meanwhile.
 */
export class ClosedError extends MqttError {
  override get name(): string {
    return 'ClosedError'
  }
}
