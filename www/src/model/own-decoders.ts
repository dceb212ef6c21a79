// Decoders of one's own: the list of `decoders.js`, a file beside the page.

/** A decoder of payloads for the list in `decoders.js`. */
export interface OwnDecoder {
  /** Name in the list of forms. */
  readonly name: string
  /** True for a message that is shown in this form at first. */
  fits?(topic: string, payload: Uint8Array): boolean
  /** Returns text, or plain data that is shown as JSON. Its error is shown as text. */
  decode(payload: Uint8Array, topic: string): unknown
}

/** Returns the decoders of the file; none if it is not there, or has no list of decoders. */
export async function loadOwnDecoders(address: string): Promise<readonly OwnDecoder[]> {
  try {
    const { decoders } = (await import(/* @vite-ignore */ address)) as { decoders?: unknown }
    return Array.isArray(decoders) ? decoders.filter(isDecoder) : []
  } catch (error) {
    console.warn(`no decoders from ${address}`, error)
    return []
  }
}

const isDecoder = (given: unknown): given is OwnDecoder =>
  typeof (given as OwnDecoder | null)?.name === 'string' && typeof (given as OwnDecoder).decode === 'function'
