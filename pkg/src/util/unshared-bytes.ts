/**
 * Bytes in an ArrayBuffer, not a SharedArrayBuffer: `Uint8Array<ArrayBuffer>`, where TypeScript is
 * new enough to know it.
 */
export type UnsharedBytes = ReturnType<Uint8Array['slice']>
