import { once } from 'node:events'
import { createServer as createHttpServer, Server as HttpServer, type IncomingMessage } from 'node:http'
import { createServer as createTcpServer, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Broker, BrokerOptions } from '../broker.js'
import { type Address, showAddress } from './address.js'
import type { Log } from './log.js'

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

/** Listens on TCP. Rejects with an Error of one line. */
export function listenTcp(broker: Broker, address: Address, log: Log): Promise<Listener> {
  const server = createTcpServer(socket => broker.accept(socket))
  return listen(server, 'mqtt', address, log)
}

/**
 * Listens for WebSockets, at any path [MQTT-6.0.0-3], [MQTT-6.0.0-4]. Rejects with an Error of one
 * line.
 *
 * The broker learns of a connection once it is a WebSocket. Until then this server applies two of
 * the broker's limits.
 */
export function listenWebSocket(
  broker: Broker,
  address: Address,
  log: Log,
  // Defaults as in the broker.
  { connectTimeout = 10_000, connectionsMaximum = 16_384 }: BrokerOptions,
): Promise<Listener> {
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
  const server = createHttpServer(limits, (_, response) => {
    response.writeHead(426, { Connection: 'close', Upgrade: 'websocket' }).end('This address takes WebSockets only.\n')
  })
  // One more than the limit, so that the broker itself refuses the next WebSocket, with an event.
  server.maxConnections = connectionsMaximum + 1
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Until the socket is one of ws, which then handles errors.
    const fail = () => socket.destroy()
    socket.on('error', fail)
    if (!offers(request)) return refuse(socket)
    sockets.handleUpgrade(request, socket, head, webSocket => {
      socket.off('error', fail)
      broker.accept(webSocket)
    })
  })
  return listen(server, 'ws', address, log)
}

function offers({ headers }: IncomingMessage): boolean {
  const offered = headers['sec-websocket-protocol']?.split(',').map(name => name.trim()) ?? []
  return subprotocols.some(name => offered.includes(name))
}

function refuse(socket: Duplex): void {
  const text = `The subprotocol must be ${subprotocols.join(' or ')}.\n`
  const headers = ['Connection: close', 'Content-Type: text/plain', `Content-Length: ${text.length}`]
  // The other side need not close its half.
  socket.end(`HTTP/1.1 400 Bad Request\r\n${headers.join('\r\n')}\r\n\r\n${text}`, () => socket.destroy())
}

async function listen(server: Server, scheme: 'mqtt' | 'ws', address: Address, log: Log): Promise<Listener> {
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
        // A connection that is not a WebSocket yet is unknown to the broker, which ends the others.
        if (server instanceof HttpServer) server.closeAllConnections()
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
