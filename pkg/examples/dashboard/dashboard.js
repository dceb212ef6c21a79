// A small dashboard: the temperature of each room, the state of the sensor, and of the connection.
import { connect } from 'wasmqtt'

/** Shows the rooms in the element. Resolves with the client once it is subscribed. */
export async function showDashboard(element, url) {
  const line = () => element.appendChild(element.ownerDocument.createElement('p'))
  const connection = line()
  const sensor = line()
  const rooms = new Map()

  const mqtt = await connect(url, { clientId: 'dashboard', cleanStart: false, sessionExpiry: 3600, keepAlive: 10 })
  const showConnection = () => {
    connection.textContent = mqtt.status.phase
  }
  showConnection()
  mqtt.addEventListener('status', showConnection)
  await mqtt.subscribe('home/+/temperature', { qos: 1 }, message => {
    const [, room] = message.topic.split('/')
    if (!rooms.has(room)) rooms.set(room, line())
    rooms.get(room).textContent = `${room}: ${message.text()} °C`
  })
  await mqtt.subscribe('sensor/state', { qos: 1 }, message => {
    sensor.textContent = `sensor: ${message.text()}`
  })
  return mqtt
}
