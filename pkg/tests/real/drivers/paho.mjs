// Paho for JavaScript, which makes its WebSocket itself, of the global class.
import { createRequire } from 'node:module'
import { WebSocket } from 'ws'
import { Inbox } from './inbox.mjs'

const { Client, Message } = createRequire(import.meta.url)('paho-mqtt')

function driver(name, urlOf, socketOf) {
  return {
    name,
    versions: [3, 4],
    qualities: [0, 1, 2],
    open(broker, { version, clientId, clean = true, will }) {
      let socket
      const before = globalThis.WebSocket
      globalThis.WebSocket = class {
        constructor(url, protocols) {
          socket = socketOf(broker, url, protocols)
          // biome-ignore lint/correctness/noConstructorReturn: it is to be taken for a WebSocket.
          return socket
        }
      }
      const client = new Client(urlOf(broker), clientId)
      const inbox = new Inbox()
      client.onMessageArrived = ({ destinationName: topic, payloadString: payload, qos, retained: retain }) => {
        inbox.push({ topic, payload, qos, retain })
      }
      const published = new Map()
      client.onMessageDelivered = message => published.get(message)?.()
      const ended = new Promise(resolve => {
        client.onConnectionLost = resolve
      })
      const opened = new Promise((resolve, reject) => {
        client.connect({
          mqttVersion: version,
          mqttVersionExplicit: true,
          cleanSession: clean,
          ...(will && { willMessage: messageOf(will) }),
          onSuccess: () =>
            resolve({
              inbox,
              publish(topic, payload, options) {
                const message = messageOf({ topic, payload, ...options })
                const done = new Promise(resolve => published.set(message, resolve))
                client.send(message)
                return done
              },
              subscribe: (filter, qos) =>
                new Promise((resolve, reject) => {
                  const onSuccess = ({ grantedQos }) => resolve(grantedQos[0])
                  client.subscribe(filter, { qos, onSuccess, onFailure: reject })
                }),
              end() {
                client.disconnect()
                return ended
              },
              kill() {
                socket.terminate()
                return ended
              },
            }),
          onFailure: ({ errorMessage }) => reject(new Error(errorMessage)),
        })
      })
      globalThis.WebSocket = before
      return opened
    },
  }
}

function messageOf({ topic, payload, qos = 0, retain = false }) {
  const message = new Message(payload)
  message.destinationName = topic
  message.qos = qos
  message.retained = retain
  return message
}

export const paho = [
  driver(
    'Paho JS over a WebSocket',
    // It takes no address without a path.
    ({ ws }) => `${ws}/mqtt`,
    (_, url, protocols) => new WebSocket(url, protocols),
  ),
  driver(
    'Paho JS in the page',
    () => 'ws://page/mqtt',
    ({ page }, url, protocols) => page.socket(url, protocols),
  ),
]
