// The one thing of Node that is used; @types/node would bring a second `setTimeout`, and more.
declare module 'node:fs/promises' {
  export function readFile(path: URL): Promise<Uint8Array<ArrayBuffer>>
}
