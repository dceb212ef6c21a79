import type { Tools } from './tools.js'

/** An error that another tab can read: its class, message, cause and further fields. */
export type PlainError = readonly [name: string, message: string, fields: object, cause: unknown]

/** Returns an error in the form that another tab can read. */
export function plainError(error: unknown): PlainError {
  const { name, message, cause } = error as Error
  const fields: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(error as object)) if (key !== 'cause') fields[key] = copyable(value)
  return [String(name), String(message), fields, cause === undefined ? undefined : copyable(cause)]
}

/** Returns the error that another tab had. */
export function revivedError([name, message, fields, cause]: PlainError, { errors }: Tools): Error {
  const classes = errors as unknown as Readonly<Record<string, { readonly prototype: object }>>
  const isOurs = Object.hasOwn(classes, name)
  const made = new errors.MqttError(message, { cause: revived(cause, { errors } as Tools) })
  if (isOurs) Object.setPrototypeOf(made, (classes[name] as { prototype: object }).prototype)
  for (const [key, value] of Object.entries(fields)) Object.assign(made, { [key]: revived(value, { errors } as Tools) })
  return made
}

/** Mark of an error among values. */
const ERROR = 'wasmqtt error'

function copyable(value: unknown): unknown {
  if (value instanceof Error) return [ERROR, plainError(value)]
  if (Array.isArray(value)) return value.map(copyable)
  try {
    return structuredClone(value)
  } catch {
    return String(value)
  }
}

function revived(value: unknown, tools: Tools): unknown {
  if (!Array.isArray(value)) return value
  return value[0] === ERROR ? revivedError(value[1] as PlainError, tools) : value.map(each => revived(each, tools))
}

/** Returns a value with errors in the field `error`, such as a status or a notice, to send. */
export function plain<T extends object>(value: T): object {
  return 'error' in value && value.error ? { ...value, error: plainError(value.error) } : value
}

/** Returns the value that `plain` was given. */
export function revive<T>(value: object, tools: Tools): T {
  const { error } = value as { readonly error?: PlainError }
  return (error ? { ...value, error: revivedError(error, tools) } : value) as T
}
