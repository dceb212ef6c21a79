// The store of a directory: killed at every byte, kept from two processes, written anew when it has
// grown.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { install, load } from './lib/packed.mjs'

const project = install()
const { directory } = await load(project, 'wasmqtt/node')
const { Broker, Client, connect } = await load(project, 'wasmqtt/broker')
const root = mkdtempSync(join(tmpdir(), 'wasmqtt-store-'))
after(() => rmSync(root, { recursive: true, force: true }))

const timeout = 60_000
const LOG = '00000001.log'
let folders = 0
const newFolder = () => join(root, String(++folders))
const bytes = text => new TextEncoder().encode(text)
const put = (key, value) => ({ key: bytes(key), value: bytes(value) })
const remove = key => ({ key: bytes(key) })

/** Returns a store's records as an object of texts. The store is left open. */
async function read(store) {
  const records = {}
  for await (const { key, value } of store.load()) records[Buffer.from(key)] = Buffer.from(value).toString()
  return records
}

async function readFolder(path) {
  const store = directory(path)
  try {
    return await read(store)
  } finally {
    await store.close()
  }
}

const batches = [
  [put('a', '1'), put('b', '2')],
  [put('a', 'longer than before'), remove('b')],
  [remove('nothing')],
  [put('c', ''), put('ä', '4'), put('a', '5')],
]
const states = [
  {},
  { a: '1', b: '2' },
  { a: 'longer than before' },
  { a: 'longer than before' },
  { a: '5', c: '', ä: '4' },
]

test('a written batch is there, and one cut at any byte is there whole or not at all', { timeout }, async () => {
  const path = newFolder()
  const store = directory(path)
  assert.deepEqual(await read(store), {})
  const ends = [statSync(join(path, LOG)).size]
  for (const batch of batches) {
    await store.write(batch)
    ends.push(statSync(join(path, LOG)).size)
  }
  await store.close()
  assert.deepEqual(await readFolder(path), states.at(-1))

  for (let length = ends[0]; length <= ends.at(-1); length++) {
    const copy = newFolder()
    cpSync(path, copy, { recursive: true })
    truncateSync(join(copy, LOG), length)
    const whole = ends.findLastIndex(end => end <= length)
    const cut = directory(copy)
    assert.deepEqual(await read(cut), states[whole], `cut at ${length}`)
    // It goes on from there.
    await cut.write([put('next', String(length))])
    await cut.close()
    assert.deepEqual(await readFolder(copy), { ...states[whole], next: String(length) })
    rmSync(copy, { recursive: true })
  }
})

test('zeros at the end are cut, and damage elsewhere is told', { timeout }, async () => {
  const path = newFolder()
  const store = directory(path)
  await read(store)
  for (const batch of batches) await store.write(batch)
  await store.close()
  const log = join(path, LOG)
  const good = readFileSync(log)
  writeFileSync(log, Buffer.concat([good, Buffer.alloc(5000)]))
  assert.deepEqual(await readFolder(path), states.at(-1))
  assert.equal(statSync(log).size, good.length)
  // A bit in the first frame, wherever, is not taken for an end.
  for (let at = 14; at < 46; at++) {
    const damaged = Buffer.from(good)
    damaged[at] ^= 0x10
    writeFileSync(log, damaged)
    await assert.rejects(readFolder(path), /is damaged at byte 14/, `byte ${at}`)
    assert.deepEqual(readFileSync(log), damaged, 'it is left as it is')
  }
  writeFileSync(log, 'something else')
  await assert.rejects(readFolder(path), /not a log that this version/)
  assert.ok(!existsSync(join(path, 'lock')))
})

test('a last batch whose first page the disk never had is cut off, unless one stands behind it', {
  timeout,
}, async () => {
  const path = newFolder()
  const log = join(path, LOG)
  const store = directory(path)
  await read(store)
  await store.write([put('a', '1')])
  const start = statSync(log).size
  await store.write([put('b', 'x'.repeat(10_000))])
  const end = statSync(log).size
  await store.write([put('c', '3')])
  await store.close()
  const good = readFileSync(log)
  // Nothing of a header, or something else where it was.
  for (const filling of [0, 0xa5]) {
    const torn = Buffer.from(good)
    torn.fill(filling, start, 4096)
    writeFileSync(log, torn)
    await assert.rejects(readFolder(path), new RegExp(`is damaged at byte ${start}`))
    assert.deepEqual(readFileSync(log), torn, 'it is left as it is')
    writeFileSync(log, torn.subarray(0, end))
    assert.deepEqual(await readFolder(path), { a: '1' })
    assert.deepEqual(readFileSync(log), good.subarray(0, start))
  }
})

test('a log in which something was damaged meanwhile is not written anew, and not cut', { timeout }, async () => {
  const path = newFolder()
  const log = join(path, LOG)
  const store = directory(path)
  await read(store)
  const large = 'x'.repeat(3 << 20)
  await store.write([put('large', large)])
  await store.write([put('kept', 'acknowledged')])
  const damaged = readFileSync(log)
  damaged[damaged.length - 1] ^= 1
  writeFileSync(log, damaged)
  for (const value of ['2', '3']) await store.write([put('large', large + value)])
  await store.close()
  assert.deepEqual(readdirSync(path), [LOG])
  assert.ok(statSync(log).size > 9 << 20)
  await assert.rejects(readFolder(path), /is damaged/)
})

test('a log that has grown is written anew, also after a kill in the middle of that', { timeout }, async () => {
  const path = newFolder()
  const store = directory(path)
  await read(store)
  const value = 'x'.repeat(100_000)
  await store.write([put('kept', 'from the beginning')])
  for (let number = 0; number < 100; number++)
    await store.write([put('a', value + number), put(`b${number % 3}`, `${number}`)])
  const expected = { kept: 'from the beginning', a: `${value}99`, b0: '99', b1: '97', b2: '98' }
  await store.close()
  const logs = readdirSync(path)
  assert.equal(logs.length, 1, `${logs}`)
  assert.notEqual(logs[0], LOG)
  assert.ok(statSync(join(path, logs[0])).size < 8_000_000)
  // Left behind by a kill before the rename, and by one after it.
  const number = Number.parseInt(logs[0], 10)
  const name = by => `${String(number + by).padStart(8, '0')}.log`
  writeFileSync(join(path, `${name(1)}.new`), 'half')
  writeFileSync(join(path, name(-1)), 'out of date')
  assert.deepEqual(await readFolder(path), expected)
  assert.deepEqual(readdirSync(path), logs)
})

test('two do not have it at once, and one that was killed does not hold it', { timeout }, async () => {
  const path = newFolder()
  const store = directory(path)
  await read(store)
  await assert.rejects(readFolder(path), new RegExp(`held by process ${process.pid}`))
  const other = writer(path)
  assert.match(await other.failure, new RegExp(`held by process ${process.pid}`))
  await store.close()

  const killed = writer(path)
  await killed.confirmed(1)
  await assert.rejects(readFolder(path), new RegExp(`held by process ${killed.pid}`))
  killed.kill()
  await killed.exited
  assert.ok(existsSync(join(path, 'lock')), 'it had no time to take it away')
  await readFolder(path)
  assert.ok(!existsSync(join(path, 'lock')))
})

/** A process that writes batch after batch, and says the number of each once it is confirmed. */
function writer(path) {
  const script = join(project, 'writer.mjs')
  writeFileSync(
    script,
    `import { directory } from 'wasmqtt/node'
    const store = directory(process.argv[2])
    let first = 0
    for await (const { key, value } of store.load()) if (String(Buffer.from(key)) === 'last') first = Number(Buffer.from(value))
    for (let number = first + 1; ; number++) {
      const value = Buffer.from(String(number).padEnd(number * 37 % 20_000))
      await store.write([{ key: Buffer.from('last'), value }, { key: Buffer.from('n' + number % 50), value }])
      process.stdout.write(number + '\\n')
    }`,
  )
  const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', text => (stderr += text))
  const exited = once(child, 'close')
  const lines = createInterface({ input: child.stdout })
  const state = { last: 0 }
  lines.on('line', line => {
    state.last = Number(line)
  })
  return {
    pid: child.pid,
    exited,
    failure: exited.then(() => stderr),
    kill: () => child.kill('SIGKILL'),
    /** Resolves once so many more were confirmed, with the number of the last. */
    confirmed: async count => {
      for (let left = count; left > 0; left--) await once(lines, 'line')
      return state.last
    },
    get last() {
      return state.last
    },
  }
}

test('a confirmed batch survives SIGKILL at any moment', { timeout }, async () => {
  const path = newFolder()
  let confirmed = 0
  for (let round = 0; round < 12; round++) {
    const child = writer(path)
    await child.confirmed(1 + ((round * 7) % 40))
    child.kill()
    await child.exited
    assert.ok(child.last > confirmed)
    const records = await readFolder(path)
    const last = Number(records.last)
    // The next may have been written, and its word lost.
    assert.ok(last === child.last || last === child.last + 1, `${last} after ${child.last}`)
    assert.equal(Number(records[`n${last % 50}`]), last, 'a batch is whole')
    confirmed = last
  }
})

test('a broker on a directory goes on after it was killed', { timeout }, async () => {
  const path = newFolder()
  const script = join(project, 'broker.mjs')
  writeFileSync(
    script,
    `import { Broker, connect } from 'wasmqtt/broker'
    import { directory } from 'wasmqtt/node'
    const broker = new Broker({ store: directory(process.argv[2]) })
    const keeper = await connect(broker, { clientId: 'keeper', cleanStart: false, sessionExpiry: 1000 })
    await keeper.subscribe('t', { qos: 2 }, () => {})
    await keeper.end()
    const sender = await connect(broker, { clientId: 'sender' })
    for (let number = 1; ; number++) {
      await sender.publish('t', String(number), { qos: 1 + number % 2 })
      process.stdout.write(number + '\\n')
    }`,
  )
  const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  let last = 0
  lines.on('line', line => {
    last = Number(line)
  })
  for (let left = 60; left > 0; left--) await once(lines, 'line')
  child.kill('SIGKILL')
  await once(child, 'close')
  const broker = new Broker({ store: directory(path) })
  await broker.ready
  const [session] = broker.sessions()
  assert.ok(session.queued === last || session.queued === last + 1, `${session.queued} of ${last}`)
  const heard = []
  const client = new Client(broker, { clientId: 'keeper', cleanStart: false, sessionExpiry: 1000 })
  let subscribed
  await new Promise(resolve => {
    subscribed = client.subscribe('t', { qos: 2 }, message => {
      if (heard.push(Number(message.text())) === session.queued) resolve()
    })
  })
  await subscribed
  assert.deepEqual(
    heard,
    heard.map((_, index) => index + 1),
  )
  await client.end()
  await broker.close()
})

test('another copy of the module in the same process does not have it at once', { timeout }, async () => {
  const path = newFolder()
  const store = directory(path)
  await read(store)
  const other = await import(`${pathToFileURL(join(project, 'node_modules/wasmqtt/dist/node.js'))}?copy`)
  await assert.rejects(read(other.directory(path)), new RegExp(`held by process ${process.pid}`))
  await store.close()
  const next = other.directory(path)
  assert.deepEqual(await read(next), {})
  await next.close()
  assert.ok(!existsSync(join(path, 'lock')))
})

test("many processes find a dead one's lock, and one takes it", { timeout }, async () => {
  const first = newFolder()
  const own = directory(first)
  await read(own)
  // No process has such a number.
  const dead = readFileSync(join(first, 'lock'), 'utf8').replace(/^\d+/, '4194999')
  await own.close()
  for (let round = 0; round < 50; round++) {
    const path = newFolder()
    mkdirSync(path)
    writeFileSync(join(path, 'lock'), dead)
    const stores = Array.from({ length: 5 }, () => directory(path))
    const tries = await Promise.allSettled(stores.map(read))
    assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const store of stores) await store.close()
    assert.deepEqual(readdirSync(path), [LOG])
  }
})

test('a log that cannot be written anew goes on as it is', { timeout }, async () => {
  const path = newFolder()
  const store = directory(path)
  await read(store)
  // A folder in the way of the next log.
  mkdirSync(join(path, '00000002.log.new'))
  const large = 'x'.repeat(1 << 20)
  for (let number = 0; number < 8; number++) await store.write([put('large', `${number}${large}`)])
  assert.ok(statSync(join(path, LOG)).size > 8 << 20)
  rmSync(join(path, '00000002.log.new'), { recursive: true })
  for (let number = 8; number < 16; number++) await store.write([put('large', `${number}${large}`)])
  await store.close()
  assert.ok(!existsSync(join(path, LOG)), 'it was written anew once there was room')
  assert.deepEqual(await readFolder(path), { large: `15${large}` })
})

test('a broker that is closed while it starts ends quietly, whatever it has to write then', { timeout }, async t => {
  const path = newFolder()
  const first = new Broker({ store: directory(path) })
  for (let number = 0; number < 20; number++) {
    await connect(first, { clientId: `c${number}`, cleanStart: false, sessionExpiry: 1000 })
  }
  const killed = newFolder()
  cpSync(path, killed, { recursive: true })
  rmSync(join(killed, 'lock'))
  await first.close()
  const faults = []
  const note = error => faults.push(error)
  process.on('unhandledRejection', note)
  t.after(() => process.off('unhandledRejection', note))
  for (let turns = 0; turns < 40; turns++) {
    const copy = newFolder()
    cpSync(killed, copy, { recursive: true })
    const broker = new Broker({ store: directory(copy) })
    broker.addEventListener('error', note)
    for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
    await broker.close()
    // The store is whole, and nobody holds it.
    const next = new Broker({ store: directory(copy) })
    await next.ready
    assert.equal(next.sessions().length, 20)
    await next.close()
    assert.deepEqual(faults, [], `after ${turns} turns`)
  }
})

test('folders above it are made too, and one that cannot be is an error', { timeout }, async () => {
  const deep = join(newFolder(), 'a', 'b')
  assert.deepEqual(await readFolder(deep), {})
  assert.deepEqual(await readFolder(deep), {})
  if (process.platform !== 'win32') assert.equal(statSync(deep).mode & 0o777, 0o700)
  const file = newFolder()
  writeFileSync(file, '')
  for (const path of [file, join(file, 'a'), join(file, 'a', 'b')])
    await assert.rejects(readFolder(path), /EEXIST|ENOTDIR/)
  if (process.platform !== 'linux') return
  for (const path of ['/proc/none', '/proc/none/deep']) await assert.rejects(readFolder(path), /ENOENT/)
})
