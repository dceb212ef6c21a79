// Words of what can be done in a world, in English.
import type { ActionTexts } from '../types.ts'

const qos = { 0: 'QoS 0', 1: 'QoS 1', 2: 'QoS 2' }

export const actions: ActionTexts = {
  offers: {
    add: 'Start the sensor',
    cut: 'Cut the sensor’s link',
    'cut-dashboard': 'Cut the dashboard’s link',
    packet: 'Next packet',
    settle: 'Let it run',
    publish: 'Sensor: publish',
    'publish-all': 'Publish all five readings',
    'publish-1': 'Publish at QoS 1',
    'publish-qos': 'Sensor: publish',
    'publish-retain': 'Sensor: publish',
    'publish-expiry': 'Sensor: publish at QoS 1',
    subscribe: 'Dashboard: subscribe',
    'subscribe-qos': 'Dashboard: subscribe',
    stall: 'Hold up the sensor’s link for 2 s',
    join: 'Start the dashboard',
    'join-keep-alive': 'Start the sensor',
    'join-delay': 'Start the sensor',
    back: 'Wait until it is back (25 s)',
    silence: 'Pull the sensor’s plug',
    wait: 'Wait 30 s',
    'wait-10': 'Wait 10 s',
    goodbye: 'Sensor: say goodbye (DISCONNECT)',
    'goodbye-reason': 'Sensor: say goodbye (DISCONNECT)',
    kill: 'Sensor: crash',
    reload: 'Sensor: restart its program',
  },
  fields: {
    filter: 'Filter',
    qos: 'Quality',
    expiry: 'Keep the session',
    payload: 'Value',
    retain: 'Retain',
    keepAlive: 'Keep alive',
    reason: 'With',
    delay: 'Will delay',
    messageExpiry: 'Expires',
  },
  values: {
    qos,
    expiry: { 0: 'not at all', 10: 'for 10 s', 3600: 'for an hour' },
    keepAlive: { 0: 'off', 5: '5 s', 10: '10 s', 60: '60 s' },
    reason: { plain: 'no wish', will: 'the wish to publish its will' },
    delay: { 0: 'none', 5: '5 s' },
    messageExpiry: { 0: 'never', 5: 'after 5 s', 60: 'after 60 s' },
  },
}
