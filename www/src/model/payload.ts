// Payload of a message in the forms that a reader knows.

/** Bytes of a payload that are shown at most. */
const SHOWN_MAX = 20_000

export const forms = ['text', 'JSON', 'CBOR', 'Sparkplug B', 'hexadecimal', 'base64', 'image'] as const
export type Form = (typeof forms)[number]

/** Content of a payload in one form: text, or the bytes and media type of an image. */
export type Shown =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly image: Blob }
  | { readonly type: 'wrong'; readonly text: string }

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Topics of Sparkplug B with a payload of its own; `STATE` has JSON (3.0.0, §4.1). */
const sparkplugTopic = /^spBv1\.0\/[^/]+\/[ND](?:BIRTH|DEATH|DATA|CMD)\//

/** Returns the form that fits a payload best. */
export function guess(payload: Uint8Array, topic: string): Form {
  if (sparkplugTopic.test(topic)) return 'Sparkplug B'
  if (mediaType(payload)) return 'image'
  const text = textOf(payload)
  if (text === undefined) return 'hexadecimal'
  return /^\s*[[{]/.test(text) && parsed(text) !== undefined ? 'JSON' : 'text'
}

/** Returns a payload in a form, or a sentence on why it has none. */
export async function show(payload: Uint8Array, form: Form): Promise<Shown> {
  if (payload.length === 0) return { type: 'text', text: '(no bytes)' }
  switch (form) {
    case 'text': {
      const text = textOf(payload)
      return text === undefined ? wrong('The payload is not UTF-8. Try another form.') : asText(text)
    }
    case 'JSON': {
      const value = parsed(textOf(payload) ?? '')
      return value === undefined ? wrong('The payload is not JSON. Try another form.') : asText(indented(value))
    }
    case 'CBOR':
      return decoded('CBOR', async () => {
        const { decode } = await import('cborg')
        return decode(payload, { useMaps: true, allowNaN: true, allowInfinity: true })
      })
    case 'Sparkplug B':
      return decoded('Sparkplug B', async () => (await import('./sparkplug.ts')).decodeSparkplug(payload))
    case 'hexadecimal':
      return asText(hexadecimal(payload))
    case 'base64':
      return asText(base64(payload))
    case 'image': {
      const type = mediaType(payload)
      if (!type) return wrong('The payload is no PNG, JPEG, GIF or WebP image. Try another form.')
      return { type: 'image', image: new Blob([payload.slice()], { type }) }
    }
  }
}

const wrong = (text: string): Shown => ({ type: 'wrong', text })

function asText(text: string): Shown {
  const rest = text.length - SHOWN_MAX
  return { type: 'text', text: rest > 0 ? `${text.slice(0, SHOWN_MAX)}\n… and ${rest} characters more` : text }
}

/** Returns the text of UTF-8 without control characters but white space; otherwise undefined. */
function textOf(payload: Uint8Array): string | undefined {
  try {
    const text = utf8.decode(payload)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they tell bytes from text.
    return /[\x00-\x08\x0e-\x1f]/.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function indented(value: unknown): string {
  return JSON.stringify(
    value,
    (_, member: unknown) => {
      if (typeof member === 'bigint') return member.toString()
      if (member instanceof Uint8Array) return `bytes ${hexadecimal(member)}`
      if (member instanceof Map) return Object.fromEntries(member)
      return member
    },
    2,
  )
}

/** Returns what a decoder makes of a payload. Decoders are loaded when somebody asks for them. */
export async function decoded(name: string, decode: () => unknown): Promise<Shown> {
  try {
    const value = await decode()
    return asText(typeof value === 'string' ? value : indented(value))
  } catch (error) {
    return wrong(`The payload is not ${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const hexadecimal = (bytes: Uint8Array): string =>
  Array.from(bytes.subarray(0, SHOWN_MAX), byte => byte.toString(16).padStart(2, '0')).join(' ')

function base64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes.subarray(0, SHOWN_MAX)) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** First bytes of the images that every browser shows. */
const signatures = [
  ['image/png', [0x89, 0x50, 0x4e, 0x47]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', [0x47, 0x49, 0x46, 0x38]],
] as const

function mediaType(bytes: Uint8Array): string | undefined {
  const begins = (start: number, with_: readonly number[]) => with_.every((byte, at) => bytes[start + at] === byte)
  if (begins(0, [0x52, 0x49, 0x46, 0x46]) && begins(8, [0x57, 0x45, 0x42, 0x50])) return 'image/webp'
  return signatures.find(([, signature]) => begins(0, signature))?.[0]
}
