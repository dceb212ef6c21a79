// The declarations that are packed, as strict consumers see them.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { folderOf, install, link } from './lib/packed.mjs'

const project = install()
link(project, '@types/node', '@types/ws', 'undici-types')

const strict = {
  strict: true,
  noEmit: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  // Our own declarations are checked too.
  skipLibCheck: false,
  target: 'ES2022',
}

/** Packages of the oldest compiler that is promised, the last one in JavaScript, and the newest. */
const compilers = ['typescript-5.4', 'typescript-5.9', 'typescript']

/** Returns tsc's messages about the source under these options. */
function check(source, options, compiler = 'typescript') {
  writeFileSync(join(project, 'consumer.ts'), source)
  const config = { compilerOptions: { ...strict, ...options }, files: ['consumer.ts'] }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config))
  const tsc = join(folderOf(compiler), 'bin', 'tsc')
  const { stdout } = spawnSync(process.execPath, [tsc, '--pretty', 'false'], { cwd: project, encoding: 'utf8' })
  return stdout.trim()
}

const page = `
import {
  Client, ClosedError, ConnectError, ConnectionError, connect, MqttError, OptionError, PublishError, SubscribeError,
  type ClientOptions, type ConnackProperties, type Credentials, type Handler, type Message, type MessageProperties,
  type MessageStream, type ModuleSource, type PacketRecord, type Payload, type PublishOptions, type QoS, type Status,
  type SubscribeOptions, type Subscription, type Will,
} from 'wasmqtt'
import {
  Broker, connect as connectInPage, explain, hashPassword, HookError, load,
  type BrokerEventDetail, type BrokerOptions, type Explanation, type HostSubscribeOptions, type PageSocket,
} from 'wasmqtt/broker'

const controller = new AbortController()
const will: Will = { topic: 'dash/7/state', payload: 'gone', qos: 1, retain: true, delay: 5 }
const options: ClientOptions = {
  version: 5, clientId: 'dash-7', cleanStart: true, sessionExpiry: 3600, keepAlive: 60,
  credentials: async (): Promise<Credentials> => ({ username: 'jwt', password: new Uint8Array() }),
  will, signal: controller.signal, userProperties: [['a', 'b']],
  createWebSocket: (url: string, protocols: string[]) => new WebSocket(url, protocols),
}
const mqtt: Client = await connect('wss://broker.example/mqtt', options)
const handler: Handler = message => { const value: unknown = message.json(); void value }
const subscription: Subscription = await mqtt.subscribe('site/+/temperature', { qos: 1 }, handler)
await mqtt.subscribe('site/#', (message: Message) => {
  const { topic, payload, qos, retain, duplicate, properties }: Message = message
  const text: string = message.text()
  const typed = message.json<{ on: boolean }>().on satisfies boolean
  const bytes: Uint8Array = payload
  const format: boolean | undefined = properties.payloadFormatIndicator
  void [topic, bytes, qos, retain, duplicate, text, typed, format]
})
const payloads: Payload[] = ['text', new Uint8Array(), new ArrayBuffer(1), new DataView(new ArrayBuffer(1))]
for (const payload of payloads) await mqtt.publish('cmd/fan', payload, { qos: 1, retain: true, signal: controller.signal })
const stream: MessageStream = mqtt.messages('metrics/#', { limit: 10, overflow: 'drop-newest' })
for await (const message of stream) message.topic satisfies string
stream.dropped satisfies number
mqtt.addEventListener('status', event => {
  const status: Status = event.status
  if (status.phase === 'closed' && status.error instanceof ConnectionError) status.error.rule satisfies string | undefined
})
mqtt.addEventListener('packet', ({ packet }) => { const record: PacketRecord = packet; void record.kind }, { once: true })
mqtt.addEventListener('other', (event: Event) => void event)
mqtt.status.phase satisfies 'connecting' | 'connected' | 'waiting' | 'closed'
const ready: Client = await new Client(new URL('wss://broker.example'), {}).ready
mqtt.connackProperties satisfies ConnackProperties
try {
  await subscription.unsubscribe()
} catch (error) {
  if (error instanceof OptionError) { error.option satisfies string; error.value satisfies unknown }
  if (error instanceof SubscribeError) error.filter satisfies string
  if (error instanceof MqttError) error.reasonCode satisfies number | undefined
  void [ClosedError, ConnectError, PublishError]
}
await mqtt.end({ reasonCode: 4, timeout: 100 })
mqtt.kill()

const brokerOptions: BrokerOptions = { maximumQos: 1, queue: { overflow: 'drop-oldest' }, users: [{ username: 'a', password: 'b' }] }
const broker = new Broker(brokerOptions)
const hooked: BrokerOptions = {
  users: [{ username: 'a', passwordHash: await hashPassword('b') }],
  acl: [{ action: 'subscribe', filter: 'private/#', allow: false, reasonCode: 135 }],
  authenticate: async ({ clientId, username, password }) => password?.length === 1 && clientId !== username || 0x86,
  authorize: ({ clientId, action, topic }) => action !== 'publish' || topic !== clientId,
  authenticateEnhanced: ({ method, data, state }) => ({ complete: state.step === 2, data: method + data }),
}
broker.addEventListener('error', event => {
  if (event.error instanceof HookError) event.preventDefault()
})
void hooked
broker.addEventListener('event', ({ detail }) => {
  const told: BrokerEventDetail = detail
  if (told.type === 'published') told.subscribers satisfies number
  if (told.type === 'disconnected') told.cause.kind satisfies string
})
const inPage = await connectInPage(broker)
const fromClient: Client = await connect(broker)
const count: number = await broker.publish('a', 'b', { qos: 1 })
const { signal } = controller
const ownOptions: HostSubscribeOptions = { noLocal: true, retainAsPublished: true, retainHandling: 2, signal }
const own: Subscription = await broker.subscribe('a/#', ownOptions, (message: Message) => void message.topic)
await broker.subscribe('a/#', handler)
for await (const message of broker.messages('a/#', { limit: 10, noLocal: true })) message.text() satisfies string
await own.unsubscribe()
broker.clients()[0]?.clientId satisfies string | undefined
broker.sessions()[0]?.subscriptions[0]?.qos satisfies QoS | undefined
await load({ url: new URL('https://page.example/broker.wasm') })
await load({ bytes: new Uint8Array() })
await load({ module: new WebAssembly.Module(new Uint8Array()) } satisfies ModuleSource)
const explanation: Explanation = explain('a/#', 'a/b')
broker.accept(new WebSocket('ws://127.0.0.1:9001'))
const socket: PageSocket = broker.socket('ws://page', ['mqtt'])
socket.onmessage = ({ data }: MessageEvent) => void data
await connect('ws://page', { createWebSocket: (url, protocols) => broker.socket(url, protocols) })
const more: [PublishOptions, SubscribeOptions, MessageProperties] = [{}, {}, {}]
void [inPage, fromClient, ready, count, explanation, more]
export {}
`

const node = `
import { createServer } from 'node:net'
import { Duplex } from 'node:stream'
import { createServer as createTlsServer } from 'node:tls'
import { connect, type WebSocketLike } from 'wasmqtt'
import { type AcceptedSocket, Broker } from 'wasmqtt/broker'
import { WebSocket, WebSocketServer } from 'ws'

const client = await connect('ws://127.0.0.1:9001', {
  createWebSocket: (url, protocols) => new WebSocket(url, protocols),
})
const socket: WebSocketLike = new WebSocket('ws://127.0.0.1:9001')
const { payload } = (await client.messages('a').next()).value
Buffer.from(payload)
await client.publish('a', Buffer.from('b'))
void socket
const broker = new Broker()
createServer(socket => broker.accept(socket)).listen(1883)
createTlsServer(socket => {
  const { CN } = socket.getPeerCertificate().subject
  broker.accept(socket, { username: typeof CN === 'string' ? CN : undefined })
}).listen(8883)
new WebSocketServer({ port: 9001 }).on('connection', socket => broker.accept(socket))
const sockets: AcceptedSocket[] = [new Duplex(), new WebSocket('ws://127.0.0.1:9001')]
sockets.forEach(socket => broker.accept(socket))
export {}
`

const page4 = { lib: ['ES2022', 'DOM', 'DOM.AsyncIterable', 'DOM.Iterable'], types: [] }

for (const compiler of compilers) {
  test(`a page, resolved as bundlers do, ${compiler}`, () => {
    assert.equal(check(page, { ...page4, module: 'ESNext', moduleResolution: 'Bundler' }, compiler), '')
  })

  test(`a page, resolved as Node does, ${compiler}`, () => {
    assert.equal(check(page, { ...page4, module: 'NodeNext', moduleResolution: 'NodeNext' }, compiler), '')
  })

  test(`Node without the types of a page, with the package ws, ${compiler}`, () => {
    const options = { lib: ['ES2022'], types: ['node'], module: 'NodeNext', moduleResolution: 'NodeNext' }
    assert.equal(check(node, options, compiler), '')
  })

  test(`the inline entries have the types of the others, ${compiler}`, () => {
    const inline = page.replaceAll(/'(wasmqtt(?:\/broker)?)'/g, "'$1/inline'")
    assert.notEqual(inline, page)
    assert.equal(check(inline, { ...page4, module: 'ESNext', moduleResolution: 'Bundler' }, compiler), '')
  })
}

test('wrong types are found', () => {
  const rows = [
    [`await connect('ws://a', { qos: 1 })`, 'TS2353'],
    [`await connect('ws://a', { version: 3 })`, 'TS2322'],
    [`(await connect('ws://a')).publish('a', 7)`, 'TS2345'],
    [`(await connect('ws://a')).publish('a', 'b', { qos: 3 })`, 'TS2322'],
    [`(await connect('ws://a')).subscribe('a', { qos: 1 })`, 'TS2353'],
    [`(await connect('ws://a')).status = { phase: 'closed' }`, 'TS2540'],
    [`(await connect('ws://a')).addEventListener('packet', event => event.status)`, 'TS'],
    [`new Broker().accept('ws://a')`, 'TS2345'],
    [`await load({ url: 7 })`, 'TS2322'],
    [`await load({ file: 'a' })`, 'TS2353'],
  ]
  const source = rows.map(([line]) => `;${line}\n`).join('')
  const found = check(`import { Broker, connect, load } from 'wasmqtt/broker'\n${source}export {}\n`, {
    ...page4,
    module: 'ESNext',
    moduleResolution: 'Bundler',
  })
  rows.forEach(([line, code], index) => {
    const of = found.split('\n').filter(text => text.startsWith(`consumer.ts(${index + 2},`))
    assert.ok(of.length === 1 && of[0].includes(code), `${line}: ${of.join('\n') || 'no error'}`)
  })
})
