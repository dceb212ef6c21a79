import { once } from 'node:events'
import {
  createServer as createHttpServer,
  Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https'
import { createServer as createTcpServer, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer, TLSSocket, type TlsOptions, Server as TlsServer } from 'node:tls'
import { WebSocketServer } from 'ws'
import type { AcceptedSocket, Broker, BrokerOptions } from '../broker.js'
import { type Address, showAddress } from './address.js'
import type { Log } from './log.js'
import type { OriginCheck } from './origin.js'
import { commonName, handshakes } from './tls.js'

/** Server that listens for clients. */
export interface Listener {
  /** Its address, with the actual port. */
  readonly url: string
  /** Stops listening. Resolves once all connections are closed. */
  close(): Promise<void>
}

/**
 * Largest WebSocket frame in bytes. It may hold many packets, and is in memory until it is whole.
 */
const FRAME_BYTES_MAX = 16 << 20
/** Interval at most of Node's checks for slow requests, in milliseconds. */
const LOOK_TIME = 1_000
const subprotocols = ['mqtt', 'mqttv3.1']

/** Settings that the listeners share. */
export interface Setting {
  readonly broker: Broker
  readonly log: Log
  /** Options of the broker, two of which hold until it knows a connection. */
  readonly options: BrokerOptions
  /** Certificate and key of those that use TLS. */
  readonly secure: TlsOptions
  /** True if the common name of a client's certificate is its user name. */
  readonly isNamedByCertificate: boolean
  readonly origins: OriginCheck
}

/** Listens on TCP. Rejects with an Error of one line. */
export function listenTcp({ broker, log }: Setting, address: Address): Promise<Listener> {
  const server = createTcpServer(socket => broker.accept(socket))
  return listen(server, 'mqtt', address, log)
}

/**
 * Listens on TLS. Rejects with an Error of one line.
 *
 * The broker learns of a connection once its handshake is complete.
 */
export function listenTls(setting: Setting, address: Address): Promise<Listener> {
  const { log, secure } = setting
  const { connectTimeout, connections } = limitsOf(setting)
  const server = createTlsServer({ ...secure, handshakeTimeout: connectTimeout }, socket =>
    accept(setting, socket, socket),
  )
  server.maxConnections = connections
  return listen(server, 'mqtts', address, log)
}

/** Hands a socket to the broker, on this connection. */
function accept({ broker, log, isNamedByCertificate }: Setting, socket: AcceptedSocket, connection: Duplex): void {
  const isNamed = isNamedByCertificate && connection instanceof TLSSocket
  const username = isNamed ? commonName(connection) : undefined
  if (isNamed && username === undefined) {
    log.write('warn', 'rejected cause=tls code=NO_COMMON_NAME')
    connection.destroy()
  } else {
    broker.accept(socket, { username })
  }
}

/** Limits until the broker knows a connection. The defaults are the broker's. */
function limitsOf({ options: { connectTimeout = 10_000, connectionsMaximum = 16_384 } }: Setting) {
  // One more, so that the broker itself refuses the next connection, with an event.
  return { connectTimeout, connections: connectionsMaximum + 1 }
}

/**
 * Listens for WebSockets, at any path [MQTT-6.0.0-3], [MQTT-6.0.0-4]. Rejects with an Error of one
 * line.
 *
 * The broker learns of a connection once it is a WebSocket. Until then this server applies two of
 * the broker's limits.
 */
export function listenWebSocket(setting: Setting, scheme: 'ws' | 'wss', address: Address): Promise<Listener> {
  const { log, secure, origins } = setting
  const { connectTimeout, connections } = limitsOf(setting)
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: FRAME_BYTES_MAX,
    perMessageDeflate: false,
    handleProtocols: offered => subprotocols.find(name => offered.has(name)) ?? false,
  })
  const limits = {
    headersTimeout: connectTimeout,
    requestTimeout: connectTimeout,
    connectionsCheckingInterval: Math.min(connectTimeout, LOOK_TIME),
  }
  const server =
    scheme === 'ws'
      ? createHttpServer(limits, respond)
      : createHttpsServer({ ...secure, ...limits, handshakeTimeout: connectTimeout }, respond)
  server.maxConnections = connections
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Until the socket is one of ws, which then handles errors.
    const fail = () => socket.destroy()
    socket.on('error', fail)
    const { origin } = request.headers
    if (!origins(origin)) {
      log.write('warn', `rejected cause=origin origin=${JSON.stringify(origin)}`)
      return refuse(socket, '403 Forbidden', 'The broker does not take this Origin; name it by --ws-origin.')
    }
    if (!offers(request))
      return refuse(socket, '400 Bad Request', `The subprotocol must be ${subprotocols.join(' or ')}.`)
    sockets.handleUpgrade(request, socket, head, webSocket => {
      socket.off('error', fail)
      accept(setting, webSocket, socket)
    })
  })
  return listen(server, scheme, address, log)
}

/** Answers a request that is no WebSocket. */
function respond(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(426, { Connection: 'close', Upgrade: 'websocket' }).end('This address takes WebSockets only.\n')
}

function offers({ headers }: IncomingMessage): boolean {
  const offered = headers['sec-websocket-protocol']?.split(',').map(name => name.trim()) ?? []
  return subprotocols.some(name => offered.includes(name))
}

function refuse(socket: Duplex, status: string, text: string): void {
  const headers = ['Connection: close', 'Content-Type: text/plain', `Content-Length: ${text.length + 1}`]
  // The other side need not close its half.
  socket.end(`HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\n\r\n${text}\n`, () => socket.destroy())
}

async function listen(
  server: Server,
  scheme: 'mqtt' | 'mqtts' | 'ws' | 'wss',
  address: Address,
  log: Log,
): Promise<Listener> {
  const endHandshakes = server instanceof TlsServer ? handshakes(server) : undefined
  server.on('tlsClientError', ({ code }: NodeJS.ErrnoException, socket: TLSSocket) => {
    log.write('warn', `rejected cause=tls code=${socket.authorizationError ?? code}`)
    // After its time limit it is still open.
    socket.destroy()
  })
  server.listen(address.port, address.host)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new Error(`${scheme}://${showAddress(address)} ${why(error as NodeJS.ErrnoException)}`)
  }
  // An error such as too many open files: the others go on.
  server.on('error', error => log.write('error', `${scheme}://${showAddress(address)}: ${error.message}`))
  const bound = server.address()
  const port = typeof bound === 'object' && bound ? bound.port : address.port
  return {
    url: `${scheme}://${showAddress({ host: address.host, port })}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        // The broker ends the connections that it knows. It knows none yet in a handshake, or that
        // is not a WebSocket.
        endHandshakes?.()
        if (server instanceof HttpServer || server instanceof HttpsServer) server.closeAllConnections()
      }),
  }
}

function why({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'is already in use'
    case 'EACCES':
      return 'needs a permission that this user does not have'
    case 'EADDRNOTAVAIL':
      return 'is not an address of this machine'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'has an unknown host'
    default:
      return `cannot be used: ${message}`
  }
}
