/** Hash of a password, with its parameters. @internal */
export interface Hash {
  readonly iterations: number
  readonly salt: Uint8Array
  readonly bytes: Uint8Array
}

/** Passwords of a broker's users, or their hashes, by user name. @internal */
export type Secrets = ReadonlyMap<string, Uint8Array | Hash>
