// Paho JS over the stand-in, which it finds as the global WebSocket.
import Paho from 'paho-mqtt'

export async function connect(url, Socket, onMessage) {
  globalThis.WebSocket = Socket
  localStorage.clear()
  const client = new Paho.Client(url, 'bench')
  client.onMessageArrived = message => onMessage({ topic: message.destinationName, payload: message.payloadBytes })
  const waiting = new Map()
  client.onMessageDelivered = message => {
    waiting.get(message)?.()
    waiting.delete(message)
  }
  const dial = () => new Promise((onSuccess, onFailure) => client.connect({ onSuccess, onFailure, mqttVersion: 4 }))
  await dial()
  await new Promise((onSuccess, onFailure) => client.subscribe('#', { qos: 1, onSuccess, onFailure }))
  const message = (topic, payload, qos) => {
    const made = new Paho.Message(payload)
    made.destinationName = topic
    made.qos = qos
    return made
  }
  return {
    // Its own way back waits for a second or longer.
    reconnected: () =>
      new Promise((resolve, reject) => {
        client.onConnectionLost = () => queueMicrotask(() => dial().then(resolve, reject))
      }),
    publish: (topic, payload) => client.send(message(topic, payload, 0)),
    publishAcknowledged: (topic, payload) =>
      new Promise(resolve => {
        const made = message(topic, payload, 1)
        waiting.set(made, resolve)
        client.send(made)
      }),
  }
}
