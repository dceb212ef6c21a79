// A run as the text of a test for Node's test runner.
import type { World } from 'wasmqtt/simulator'

const text = (value: string): string =>
  `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`

/** Returns a test that opens a run, and expects the messages that came in it. */
export function testOf(world: World, title: string): string {
  const { hash } = world.position
  const decoder = new TextDecoder()
  const expectations = world.snapshot().clients.map(({ clientId }) => {
    const messages = world.messages(clientId).map(({ topic, payload }) => `${topic}: ${decoder.decode(payload)}`)
    return `  assert.deepEqual(received(world, ${text(clientId)}), [${messages.map(text).join(', ')}])`
  })
  return `// A run of the playground of wasmqtt. Run it by: node --test
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, World } from 'wasmqtt/simulator'

const link = '${world.toLink()}'

function received(world, client) {
  const decoder = new TextDecoder()
  return world.messages(client).map(({ topic, payload }) => \`\${topic}: \${decoder.decode(payload)}\`)
}

test(${text(title)}, async () => {
  await load()
  const world = World.fromLink(link)
${expectations.join('\n')}
  // The same actions make the same trace, to the byte.
  assert.equal(world.position.hash, '${hash}')
  world.free()
})
`
}
