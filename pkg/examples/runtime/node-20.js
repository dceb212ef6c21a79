// Program for Node 20, which has no WebSocket of its own.
import { connect } from 'wasmqtt'
import { WebSocket } from 'ws'

const createWebSocket = (url, protocols) => new WebSocket(url, protocols)
const mqtt = await connect(process.argv[2], { createWebSocket })
await mqtt.subscribe('example/#', message => console.log(message.text()))
await mqtt.publish('example/greeting', 'hello', { qos: 1 })
await mqtt.end()
