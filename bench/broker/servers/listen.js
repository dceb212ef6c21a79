// A server on a free port of loopback, which tells the parent process that port.
import { createServer } from 'node:net'

export function listen(onSocket) {
  const server = createServer({ noDelay: true }, onSocket)
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => process.send(server.address().port))
}
