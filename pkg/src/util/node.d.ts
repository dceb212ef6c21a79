/** The little that the face needs of Node: it is made for pages, and has no other types of it. */
declare var process: {
  getBuiltinModule(name: 'node:fs/promises'): { readFile(file: URL): Promise<BufferSource> }
}

declare const setImmediate: ((run: () => void) => void) | undefined
