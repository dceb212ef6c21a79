// The address that `npm start` prints, and what `npm test` looks for.

/** The line that tells the address; nothing else stands on it. */
export const addressLine = address => `wasmqtt is served at ${address}`

/** The address in a line of output, or undefined. */
export const addressIn = line => /wasmqtt is served at (\S+)/.exec(line)?.[1]
