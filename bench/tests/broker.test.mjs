// The broker's benchmark: each part runs once, as short as can be. Its figures are not looked at.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BareClient } from '../broker/bare-client.js'
import { encodePublish, Publishes } from '../broker/publishes.js'
import { startServer } from '../broker/servers/start.mjs'
import { askChild } from '../lib/child.mjs'
import { publish, topics } from '../lib/frames.js'

const program = name => fileURLToPath(new URL(`../broker/${name}`, import.meta.url))
const ROUND = 5

describe('the load program', () => {
  test('a packet cut anywhere is read once', () => {
    const bytes = Buffer.concat([1, 0, 2].map((qos, index) => Buffer.from(publish(index, 200, qos))))
    for (let cut = 0; cut <= bytes.length; cut++) {
      const stream = Object.assign(new EventEmitter(), { write() {} })
      const client = new BareClient(stream)
      const read = []
      client.onPublish = (chunk, body, end) => read.push([end - body, chunk[end - 1]])
      stream.emit('data', bytes.subarray(0, cut))
      stream.emit('data', bytes.subarray(cut))
      const topic = 2 + topics[0].length
      assert.deepEqual(read, [
        [topic + 2 + 200, 0],
        [topic + 200, 1],
        [topic + 2 + 200, 2],
      ])
    }
  })

  test("its messages are those of the client's benchmark", () => {
    const [first, second] = [0, 1].map(index => Buffer.from(publish(index, 64, 2)))
    assert.deepEqual(new Publishes(2).take(2), Buffer.concat([first, second]))
    assert.deepEqual(encodePublish(topics[1], Buffer.alloc(200, 1), {}), Buffer.from(publish(1, 200, 0)))
  })

  for (const name of ['wasmqtt', 'aedes']) {
    test(`${name} on a port delivers, and answers a client that subscribes to everything`, async () => {
      const server = await startServer(name)
      try {
        const ask = message => askChild(program('load/program.js'), name, message)
        for (const row of [
          'QoS 0, one to one, a write each',
          'QoS 1, fifty to one, each one by one',
          'QoS 2, one to fifty',
        ]) {
          const { rate, busy } = await ask(['deliver', server.port, row, ROUND])
          assert.ok(rate > 0 && busy > 0 && busy <= 1, `${row}: ${rate}, ${busy}`)
        }
        for (const row of ['QoS 0, one by one', 'QoS 1, one by one']) {
          const { trips } = await ask(['deliver', server.port, row, ROUND])
          assert.ok(trips.p50 > 0 && trips.p50 <= trips.p99, `${row}: ${trips.p50}, ${trips.p99}`)
        }
        assert.ok((await ask(['retained', server.port, 100])) > 0)
      } finally {
        server.end()
      }
    })
  }
})

describe('in one process', () => {
  for (const system of ['wasmqtt', 'aedes-bare', 'aedes-mqttjs']) {
    test(`${system} delivers, and answers a client that subscribes to everything`, async () => {
      const ask = message => askChild(program('in-node.js'), system, message)
      for (const row of ['QoS 0, one by one', 'QoS 1, fifty to one, each one by one']) {
        assert.ok((await ask(['deliver', system, row, ROUND])) > 0, row)
      }
      assert.ok((await ask(['retained', system, 100])) > 0)
    })
  }
})
