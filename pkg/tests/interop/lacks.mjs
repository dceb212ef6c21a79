// Behaviours that a broker lacks: the reason, and the error by which it shows.

const resume2 = 'QoS 2: resumes a session, with what was published meanwhile'
const qos2 = 'QoS 2: 100 messages, each once and in order'
const killed1 = 'QoS 1: loses nothing when it is killed in the middle of traffic'
const killed2 = 'QoS 2: loses and doubles nothing when it is killed in the middle of traffic'
const shared = 'divides messages among a shared subscription'

const noQos2 = {
  reason: 'The broker grants QoS 1 to a subscription of QoS 2.',
  error: /granted QoS 1/,
}
const noShared = {
  reason: 'The broker takes `$share/…` as a plain filter, to which nobody publishes.',
  error: /nothing came/,
}

const inMemory = {
  reason: 'The broker has its sessions in memory; the client tells that the outcome is unknown.',
  error: /unknown|indeterminate/,
}

/** True if a broker lacks a behaviour in that nothing comes. */
export const isSilent = lack => lack?.error.test('nothing came')

/** By broker, then by behaviour. */
export const lacks = {
  Mosquitto: {
    'tells a client that its identifier is taken over: 0x8E': {
      reason: 'Over WebSockets, the broker closes the connection before its DISCONNECT is sent.',
      error: /it was told nothing/,
    },
  },
  RabbitMQ: {
    'refuses a wrong password by CONNACK': {
      reason: 'The broker closes the connection without CONNACK.',
      error: /reason code undefined/,
    },
    [qos2]: noQos2,
    [resume2]: noQos2,
    [killed2]: noQos2,
    'sends retained messages for a filter with a wildcard': {
      reason: 'The broker sends retained messages for filters without a wildcard alone.',
      error: /nothing came/,
    },
    'publishes the will of a client that is lost, and not of one that ends': {
      reason: 'Over WebSockets, the broker publishes the will after DISCONNECT, too.',
      error: /ended/,
    },
    [shared]: noShared,
  },
  NATS: { [qos2]: noQos2, [resume2]: noQos2, [killed2]: noQos2, [shared]: noShared },
  aedes: { [shared]: noShared, [killed1]: inMemory, [killed2]: inMemory },
  wasmqtt: {},
}
