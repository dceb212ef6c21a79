// The brokers, in the order of the document.
import { aedes } from './brokers/aedes.mjs'
import { mosquitto } from './brokers/mosquitto.mjs'
import { nats } from './brokers/nats.mjs'
import { rabbitmq } from './brokers/rabbitmq.mjs'
import { wasmqtt } from './brokers/wasmqtt.mjs'

export const brokers = [mosquitto, rabbitmq, nats, aedes, wasmqtt]
