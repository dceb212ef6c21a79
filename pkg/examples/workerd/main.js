// Worker, whose runtime compiles no bytes: the bundler imports the file as a module.
import { connect, load } from 'wasmqtt'
import module from 'wasmqtt/client.wasm'

export default {
  async fetch(request) {
    await load({ module })
    const mqtt = await connect(new URL(request.url).searchParams.get('broker'))
    const greeting = new Promise(resolve => {
      mqtt.subscribe('example/#', message => resolve(message.text()))
    })
    await mqtt.publish('example/greeting', 'hello', { qos: 1 })
    const text = await greeting
    await mqtt.end()
    return new Response(text)
  },
}
