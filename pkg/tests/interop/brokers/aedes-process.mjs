// The process of aedes: `node aedes-process.mjs TCP-PORT WEBSOCKET-PORT`.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { Aedes } from 'aedes'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { credentials } from './process.mjs'

const [tcp, ws] = process.argv.slice(2).map(Number)
const aedes = await Aedes.createBroker({
  authenticate(_client, username, password, done) {
    done(null, username === credentials.username && String(password) === credentials.password)
  },
})
const server = createServer(socket => aedes.handle(socket)).listen(tcp, '127.0.0.1')
const sockets = new WebSocketServer({ host: '127.0.0.1', port: ws, handleProtocols: () => 'mqtt' })
sockets.on('connection', (socket, request) => {
  const stream = createWebSocketStream(socket)
  stream.on('error', () => {})
  aedes.handle(stream, request)
})
await Promise.all([once(server, 'listening'), once(sockets, 'listening')])
console.log('listens')
