// A connection over TCP.
import { once } from 'node:events'
import { connect } from 'node:net'
import { BareClient } from '../bare-client.js'

/** A client that is connected. The broker is not to close it. */
export async function dial(port, clientId) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  const client = new BareClient(socket)
  socket.on('close', () => {
    if (client.isEnded) return
    console.error(`the broker closed the connection of ${clientId}`)
    process.exit(1)
  })
  await client.connect(clientId)
  return client
}
