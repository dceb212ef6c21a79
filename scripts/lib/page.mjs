// Address of the served page, as `npm start` prints it and `npm test` reads it.

/** Returns the output line with the address, and nothing else. */
export const addressLine = address => `wasmqtt is served at ${address}`

/** Returns the address in a line of output, or undefined. */
export const addressIn = line => /wasmqtt is served at (\S+)/.exec(line)?.[1]
