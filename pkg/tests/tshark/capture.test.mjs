// Capture files of worlds, and the dissection of their packets, held against Wireshark's dissector.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { dissect, load, World } from 'wasmqtt/simulator'

await load()
const folder = mkdtempSync(join(tmpdir(), 'wasmqtt-'))
after(() => rmSync(folder, { recursive: true }))

/** Returns a world of this version with every kind of packet but AUTH, and with a cut. */
function everyKind(version) {
  const options = { version, keepAlive: 5, will: { topic: 'will', payload: 'gone', qos: 1 } }
  const world = new World({ clients: { dash: options, sensor: options } })
  world.run(200)
  world.act({ type: 'subscribe', client: 'dash', filter: 'home/#', qos: 2 })
  world.run(200)
  for (const qos of [0, 1, 2]) {
    const properties = version === 5 ? { properties: { contentType: 'text/plain', userProperties: [['a', 'b']] } } : {}
    world.act({ type: 'publish', client: 'sensor', topic: `home/${qos}`, payload: '21', qos, ...properties })
    world.run(300)
  }
  world.act({ type: 'unsubscribe', client: 'dash', filter: 'home/#' })
  // Longer than the keep alive, so that there are pings.
  world.run(12_000)
  world.act({ type: 'cut', client: 'dash', clientLearns: 5, brokerLearns: 5 })
  world.run(5_000)
  world.act({ type: 'disconnect', client: 'sensor' })
  world.run(500)
  return world
}

/** Returns Wireshark's lines for the MQTT packets of a file, each with these fields. */
function wireshark(file, fields) {
  const list = fields.flatMap(field => ['-e', field])
  const args = ['-r', file, '-Y', 'mqtt', '-T', 'fields', ...list]
  const text = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return text
    .split('\n')
    .slice(0, -1)
    .map(line => line.split('\t'))
}

/** Returns the value of the first field of this name. */
const fieldValue = (fields, name) => fields.find(field => field.name === name)?.value

for (const version of [4, 5]) {
  test(`Wireshark reads the packets of version ${version} as the world sent them`, () => {
    const world = everyKind(version)
    const file = join(folder, `${version}.pcapng`)
    writeFileSync(file, world.toPcapng())
    const packets = world.entries().filter(entry => entry.type === 'packet')
    const seen = wireshark(file, [
      'mqtt.msgtype',
      'mqtt.msgid',
      'mqtt.topic',
      'mqtt.len',
      'frame.time_epoch',
      '_ws.malformed',
    ])
    assert.equal(seen.length, packets.length)
    for (const [index, { kind, packetId, bytes, at }] of packets.entries()) {
      const [type, id, topic, len, time, malformed] = seen[index]
      const { fields, error } = dissect(bytes, version)
      assert.equal(error, undefined)
      assert.equal(Number(type), bytes[0] >> 4, kind)
      assert.equal(id === '' ? undefined : Number(id), packetId, kind)
      assert.equal(Number(len), fieldValue(fields, 'Remaining Length'), kind)
      assert.equal(Math.round(Number(time) * 1_000), at, kind)
      assert.equal(malformed, '', kind)
      const named = kind === 'PUBLISH' ? fieldValue(fields, 'Topic Name') : fieldValue(fields, 'Topic Filter')
      if (named) assert.equal(topic, named, kind)
    }
    const kinds = new Set(packets.map(({ kind }) => kind))
    // All but AUTH.
    assert.equal(kinds.size, 14, [...kinds].join())
  })
}

test('a stream is whole: no gap, no segment twice, and right checksums', () => {
  const file = join(folder, 'streams.pcapng')
  writeFileSync(file, everyKind(5).toPcapng())
  const checks = ['-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE']
  const wrong = 'tcp.analysis.flags || tcp.checksum.status == 0 || ip.checksum.status == 0'
  const args = ['-r', file, ...checks, '-Y', wrong]
  assert.equal(execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }), '')
})
