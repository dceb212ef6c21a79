// Page of every bundler's example: it shows a message that comes back from the broker.
import { connect } from 'wasmqtt'

/** Connects to the broker that the page's address names, as in `?broker=ws://127.0.0.1:9001`. */
export async function start(output) {
  try {
    const mqtt = await connect(new URLSearchParams(location.search).get('broker'))
    await mqtt.subscribe('example/#', message => {
      output.textContent = message.text()
    })
    await mqtt.publish('example/greeting', 'hello', { qos: 1 })
  } catch (error) {
    output.textContent = error.message
  }
}
