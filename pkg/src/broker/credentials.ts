/** What a password was made into. @internal */
export interface Hash {
  readonly iterations: number
  readonly salt: Uint8Array
  readonly bytes: Uint8Array
}

/** The passwords of a broker's users, or the hashes of them, by their names. @internal */
export type Secrets = ReadonlyMap<string, Uint8Array | Hash>
