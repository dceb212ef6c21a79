// u8-mqtt, which has QoS 0 and 1.
import { once } from 'node:events'
import { connect } from 'node:net'
import { mqtt_v4, mqtt_v5 } from 'u8-mqtt/node'
import { WebSocket } from 'ws'
import { Inbox } from './inbox.mjs'

const makers = { 4: mqtt_v4, 5: mqtt_v5 }

/** `attach` gives the client its transport, and gives what cuts that. */
function driver(name, attach) {
  return {
    name,
    versions: [4, 5],
    qualities: [0, 1],
    async open(broker, { version, clientId, clean = true, will }) {
      const inbox = new Inbox()
      const client = makers[version]({ sess_stg: null })
      let ended
      const over = new Promise(resolve => {
        ended = resolve
      })
      client.with({ log_conn() {}, on_disconnect: () => ended() })
      client.on_topic('*', packet => {
        inbox.push({ topic: packet.topic, payload: packet.text(), qos: packet.qos, retain: Boolean(packet.retain) })
      })
      const cut = await attach(client, broker)
      const flags = { reserved: 0, clean_start: clean, qos: will?.qos ?? 0, will_retain: will?.retain ?? false }
      const [connack] = await client.connect({
        client_id: clientId,
        flags,
        ...(will && { will: { topic: will.topic, payload: will.payload, qos: will.qos, retain: will.retain } }),
        ...(version === 5 && !clean && { props: { session_expiry_interval: 600 } }),
      })
      return {
        inbox,
        sessionPresent: Boolean(connack.flags & 1),
        publish(topic, payload, { qos = 0, retain = false } = {}) {
          const packet = { topic, payload, qos, retain }
          // Its own pub() throws at QoS 0: it looks for an acknowledgement then.
          return qos === 0 ? client._send('publish', packet) : client.pub(packet)
        },
        async subscribe(filter, qos) {
          const [{ answers }] = await client.subscribe([[filter, { qos }]])
          return Number(answers[0])
        },
        async end() {
          await client.disconnect()
          cut(false)
          await over
        },
        async kill() {
          cut(true)
          await over
        },
      }
    },
  }
}

export const u8 = [
  driver('u8-mqtt over TCP', async (client, { tcp }) => {
    const { hostname, port } = new URL(tcp)
    const socket = connect({ host: hostname, port })
    // What cuts the broker may reset it.
    socket.on('error', () => {})
    await once(socket, 'connect')
    client.with_stream(socket)
    return isAtOnce => (isAtOnce ? socket.destroy() : socket.end())
  }),
  driver('u8-mqtt over a WebSocket', (client, { ws }) => overWebSocket(client, new WebSocket(ws, ['mqtt']))),
  driver('u8-mqtt in the page', (client, { page }) => overWebSocket(client, page.socket())),
]

function overWebSocket(client, socket) {
  client.with_websock(socket)
  return isAtOnce => (isAtOnce ? socket.terminate() : socket.close())
}
