// The guide's recipes, which are run, and the table for users of MQTT.js, which is complete.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { WebSocket, WebSocketServer } from 'ws'
import { folderOf, install, load, root } from './lib/packed.mjs'

const docs = join(root, '..', 'docs')
const guide = readFileSync(join(docs, 'guide.md'), 'utf8')
const table = readFileSync(join(docs, 'from-mqttjs.md'), 'utf8')
const project = install()
const { Broker } = await load(project, 'wasmqtt/broker')

const broker = new Broker()
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'mqtt' })
server.on('connection', socket => broker.accept(socket))
await once(server, 'listening')
after(() => {
  broker.close()
  for (const socket of server.clients) socket.terminate()
  server.close()
})
// Node 20 has none of its own.
globalThis.WebSocket ??= WebSocket

const recipes = [...guide.matchAll(/^## (.+)$([\s\S]*?)(?=^## |$(?![\s\S]))/gm)].flatMap(([, title, text]) =>
  [...text.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code]) => ({ title, code })),
)

test('the guide has recipes', () => {
  assert.ok(recipes.length >= 10)
})

for (const [index, { title, code }] of recipes.entries()) {
  test(`the guide: ${title}`, { timeout: 20_000 }, async t => {
    t.mock.method(console, 'log', () => {})
    const errors = t.mock.method(console, 'error', () => {})
    const file = join(project, `recipe-${index}.mjs`)
    writeFileSync(file, code.replaceAll('wss://broker.example/mqtt', `ws://127.0.0.1:${server.address().port}`))
    await import(pathToFileURL(file))
    assert.equal(errors.mock.callCount(), 0)
    assert.equal(broker.clients().length, 0, 'it ends its client')
  })
}

/** Returns the names of the members of a class or interface of MQTT.js's types. */
function membersOf(kind, name) {
  const types = readFileSync(join(folderOf('mqtt'), 'build', 'lib', 'client.d.ts'), 'utf8')
  const start = types.search(new RegExp(`export (?:default )?${kind} ${name}\\b`))
  assert.ok(start >= 0, name)
  const body = types.slice(start, types.indexOf('\n}', start))
  const members = [...body.matchAll(/^ {4}(?!private |static |constructor\b)(?:get )?(\w+)[?(:<]/gm)]
  return new Set(members.map(([, member]) => member).filter(member => !member.startsWith('_')))
}

/** Returns the names in backticks of a column, of the tables below a heading. */
function names(heading, column) {
  const [, section] = table.split(`## ${heading}`)
  const rows = section.split('\n## ')[0].match(/^\| .*\|$/gm)
  return new Set(rows.flatMap(row => [...row.split(' | ')[column].matchAll(/`(\w+)`/g)].map(([, name]) => name)))
}

test('the table for users of MQTT.js names each option, member and event of it', () => {
  const sections = {
    'Options of connect()': [membersOf('interface', 'IClientOptions'), membersOf('interface', 'ISecureClientOptions')],
    'Options of publish() and subscribe()': [
      membersOf('interface', 'IClientPublishOptions'),
      membersOf('interface', 'IClientSubscribeOptions'),
    ],
    'Methods and properties': [membersOf('class', 'MqttClient')],
    Events: [membersOf('interface', 'MqttClientEventCallbacks')],
  }
  const counts = Object.entries(sections).map(([heading, sets]) => {
    const told = names(heading, 0)
    const all = sets.flatMap(set => [...set])
    const missing = all.filter(name => !told.has(name) && name !== 'properties')
    assert.deepEqual(missing, [], heading)
    return all.length
  })
  assert.ok(
    counts.every(count => count >= 5),
    counts.join(),
  )
})

test('its second column names what there is', () => {
  const types = join(project, 'node_modules', 'wasmqtt', 'dist', 'types')
  const text = ['client', 'message', 'wasm', 'util']
    .flatMap(folder => readdirSync(join(types, folder)).map(file => join(types, folder, file)))
    .concat(join(types, 'index.d.ts'))
    .map(file => readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, ''))
    .join('\n')
  const known = new Set([...text.matchAll(/\w+/g)].map(([word]) => word))
  // Of the package ws, and of Node.
  for (const word of ['ws', 'wss', 'agent']) known.add(word)
  const headings = ['Options of connect()', 'Options of publish() and subscribe()', 'Methods and properties', 'Events']
  for (const heading of headings) {
    const unknown = [...names(heading, 1)].filter(name => !known.has(name) && !['wasmqtt'].includes(name))
    assert.deepEqual(unknown, [], heading)
  }
})

test('the links of the docs lead to files', () => {
  for (const file of ['guide.md', 'from-mqttjs.md']) {
    for (const [, target] of readFileSync(join(docs, file), 'utf8').matchAll(/\]\(([^)#:]+)[^):]*\)/g)) {
      assert.ok(existsSync(join(dirname(join(docs, file)), target)), `${file}: ${target}`)
    }
  }
})
