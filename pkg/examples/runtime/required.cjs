// CommonJS program, for Node 20.19, 22.12 and newer.
const { connect } = require('wasmqtt')
const { WebSocket } = require('ws')

async function main() {
  const createWebSocket = (url, protocols) => new WebSocket(url, protocols)
  const mqtt = await connect(process.argv[2], { createWebSocket })
  await mqtt.subscribe('example/#', message => console.log(message.text()))
  await mqtt.publish('example/greeting', 'hello', { qos: 1 })
  await mqtt.end()
}

main()
