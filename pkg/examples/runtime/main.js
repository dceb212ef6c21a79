// Program for a runtime with a WebSocket of its own: Node 22 and newer, Deno, Bun.
import { connect } from 'wasmqtt'
import { Broker, connect as connectTo } from 'wasmqtt/broker'

const [, , url] = process.argv
const mqtt = await connect(url)
await mqtt.subscribe('example/#', message => console.log(message.text()))
await mqtt.publish('example/greeting', 'hello', { qos: 1 })
await mqtt.end()

const broker = new Broker()
const own = await connectTo(broker)
await own.publish('example/greeting', 'hello', { qos: 1 })
await own.end()
broker.close()
