/**
 * Address of a broker's WebSocket: a URL; several, which are tried in turn; or a function that is
 * called before each attempt.
 */
export type Address = string | URL | readonly (string | URL)[] | (() => string | URL | Promise<string | URL>)
