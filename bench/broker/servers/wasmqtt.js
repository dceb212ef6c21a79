// wasmqtt's broker on a port, in a process of its own.
import { Broker } from 'wasmqtt/broker'
import { listen } from './listen.js'

const broker = await new Broker().ready
listen(socket => broker.accept(socket))
