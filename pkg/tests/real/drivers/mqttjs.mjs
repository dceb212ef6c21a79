// MQTT.js: its build for Node over TCP and WebSockets, and both its builds on a socket in the page.
import { once } from 'node:events'
import * as forNode from 'mqtt'
import { Inbox } from './inbox.mjs'

// Its build for pages looks for one when it is loaded.
const { navigator } = globalThis
globalThis.navigator ??= { userAgent: 'none' }
globalThis.window = { document: {} }
const { default: forPages } = await import('mqtt/dist/mqtt.esm')
delete globalThis.window
if (!navigator) delete globalThis.navigator

const protocols = {
  3: { protocolId: 'MQIsdp', protocolVersion: 3 },
  4: { protocolVersion: 4 },
  5: { protocolVersion: 5 },
}

function driver(name, mqtt, urlOf, createWebsocketOf = () => undefined) {
  return {
    name,
    versions: [3, 4, 5],
    qualities: [0, 1, 2],
    async open(broker, { version, clientId, clean = true, will }) {
      const createWebsocket = createWebsocketOf(broker)
      const client = mqtt.connect(urlOf(broker), {
        ...protocols[version],
        ...(createWebsocket && { createWebsocket }),
        clientId,
        clean,
        reconnectPeriod: 0,
        // Not those of a worker.
        timerVariant: 'native',
        ...(will && { will: { ...will, payload: Buffer.from(will.payload) } }),
        ...(version === 5 && !clean && { properties: { sessionExpiryInterval: 600 } }),
      })
      const inbox = new Inbox()
      client.on('message', (topic, payload, { qos, retain }) => {
        inbox.push({ topic, payload: String(payload), qos, retain })
      })
      const [{ sessionPresent }] = await once(client, 'connect')
      return {
        inbox,
        sessionPresent,
        publish: (topic, payload, options) => client.publishAsync(topic, payload, options),
        async subscribe(filter, qos) {
          const granted = await client.subscribeAsync(filter, { qos })
          return granted[0].qos
        },
        end: () => client.endAsync(),
        kill: () => client.endAsync(true),
      }
    },
  }
}

export const mqttJs = [
  driver('MQTT.js over TCP', forNode, ({ tcp }) => tcp),
  driver('MQTT.js over a WebSocket', forNode, ({ ws }) => ws),
  driver(
    'MQTT.js in the page',
    forPages,
    () => 'ws://page',
    ({ page }) =>
      (url, protocols) =>
        page.socket(url, protocols),
  ),
  driver(
    'MQTT.js for Node in the page',
    forNode,
    () => 'ws://page',
    ({ page }) =>
      (url, protocols) =>
        page.socket(url, protocols),
  ),
]
