/** Types of the few globals of Node that the face uses. It is made for pages, and has no others. */
declare var process:
  | { getBuiltinModule?(name: 'fs/promises'): { readFile(file: URL): Promise<Uint8Array<ArrayBuffer>> } }
  | undefined

declare const setImmediate: ((run: () => void) => void) | undefined
