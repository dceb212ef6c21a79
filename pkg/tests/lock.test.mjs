// The lock of a directory: one owner, whoever else is there: threads, processes, containers that
// share a volume.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { install, load } from './lib/packed.mjs'

const project = install()
const { directory } = await load(project, 'wasmqtt/node')
const root = mkdtempSync(join(tmpdir(), 'wasmqtt-lock-'))
after(() => rmSync(root, { recursive: true, force: true }))

const timeout = 60_000
const LOG = '00000001.log'
const record = { key: Buffer.from('key'), value: Buffer.from('value') }
let folders = 0

async function open(path) {
  const store = directory(path)
  for await (const _ of store.load());
  return store
}

/** A folder whose lock says this, which is made of what one of this process would say. */
async function lockedBy(change) {
  const path = join(root, String(++folders))
  const store = await open(path)
  const lock = join(path, 'lock')
  const token = change(readFileSync(lock, 'utf8'))
  await store.close()
  writeFileSync(lock, token)
  return { path, lock, token }
}

// No process has such a number.
const ofDead = token => token.replace(/^\d+/, '4194999')
const ofElsewhere = token => token.replace(/^(\d+ \S+) \S+/, '$1 elsewhere/-/-')

// At once, since some wait for the beat of a lock.
describe('a lock', { concurrency: true }, () => {
  test('a thread of the same process does not take what another has', { timeout }, async () => {
    const path = join(root, String(++folders))
    const store = await open(path)
    const script = `const { parentPort, workerData } = require('node:worker_threads')
      import(workerData.url).then(async ({ directory }) => {
        try { for await (const _ of directory(workerData.path).load()); parentPort.postMessage('it has it too') }
        catch (error) { parentPort.postMessage(error.message) }
      })`
    const url = pathToFileURL(join(project, 'node_modules/wasmqtt/dist/node.js')).href
    const worker = new Worker(script, { eval: true, workerData: { url, path } })
    const [said] = await once(worker, 'message')
    assert.match(said, new RegExp(`held by process ${process.pid}`))
    await store.close()
  })

  test("processes find a dead one's lock at once, and one takes it", { timeout }, async () => {
    const rivals = Array.from({ length: 3 }, rival)
    for (let round = 0; round < 40; round++) {
      const { path } = await lockedBy(ofDead)
      const said = await Promise.all(rivals.map(({ ask }) => ask(path)))
      assert.equal(said.filter(word => word === 'has it').length, 1, `${said}`)
      await Promise.all(rivals.map(({ ask }) => ask('')))
      assert.deepEqual(readdirSync(path), [LOG])
    }
    for (const { end } of rivals) await end()
  })

  test('one of elsewhere that is touched is alive', { timeout }, async t => {
    const { path, lock, token } = await lockedBy(ofElsewhere)
    let seconds = 0
    const touching = setInterval(() => utimesSync(lock, ++seconds, seconds), 1000)
    t.after(() => clearInterval(touching))
    await assert.rejects(open(path), new RegExp(`held by process ${process.pid} of elsewhere`))
    assert.equal(readFileSync(lock, 'utf8'), token)
    assert.deepEqual(readdirSync(path).sort(), [LOG, 'lock'])
  })

  test('one of elsewhere, or of which nothing can be read, is succeeded when it was left alone for ten seconds', {
    timeout,
  }, async () => {
    const rows = [ofElsewhere, () => '']
    await Promise.all(
      rows.map(async row => {
        const { path } = await lockedBy(row)
        const begin = performance.now()
        const store = await open(path)
        assert.ok(performance.now() - begin > 9000)
        await store.write([record])
        await store.close()
        assert.deepEqual(readdirSync(path), [LOG])
      }),
    )
  })

  test('the holder touches the lock', { timeout }, async () => {
    const path = join(root, String(++folders))
    const store = await open(path)
    const lock = join(path, 'lock')
    utimesSync(lock, 1, 1)
    const watcher = watch(lock)
    while (statSync(lock).mtimeMs === 1000) await once(watcher, 'change')
    watcher.close()
    await store.close()
  })

  test('a process that lost the lock writes no more, and leaves it to its holder', { timeout }, async () => {
    const path = join(root, String(++folders))
    const store = await open(path)
    const lock = join(path, 'lock')
    const other = ofElsewhere(readFileSync(lock, 'utf8'))
    writeFileSync(lock, other)
    const writing = async () => {
      for (;;) await store.write([record])
    }
    await assert.rejects(writing(), /was lost: another process took it, or it was removed/)
    await assert.rejects(store.write([record]), /was lost: another process took it, or it was removed/)
    await store.close()
    assert.equal(readFileSync(lock, 'utf8'), other)
  })

  test('leftovers of a process killed while taking the lock are taken over and removed', { timeout }, async () => {
    const { path, lock, token } = await lockedBy(ofDead)
    // The claim to succeed it is one that a rival leaves who dies behind it.
    const dead = `${token}-2`
    const claim = claimOn(lock)
    writeFileSync(claim, dead)
    writeFileSync(`${lock}-draft`, `${token}-3`)
    const store = await open(path)
    assert.deepEqual(readdirSync(path).sort(), [LOG, 'lock'])
    await store.close()
  })
})

/** The name of the claim to succeed the one whose lock is there. */
const claimOn = lock => `${lock}.${createHash('sha256').update(readFileSync(lock)).digest('hex').slice(0, 32)}`

/** A process that opens the directory that it is asked to, or closes it. */
function rival() {
  const script = join(project, 'rival.mjs')
  writeFileSync(
    script,
    `import { createInterface } from 'node:readline'
    import { directory } from 'wasmqtt/node'
    let store
    for await (const path of createInterface({ input: process.stdin })) {
      if (!path) {
        await store?.close()
        store = undefined
        process.stdout.write('closed\\n')
        continue
      }
      const tried = directory(path)
      try {
        for await (const _ of tried.load());
        store = tried
        process.stdout.write('has it\\n')
      } catch (error) {
        process.stdout.write(error.message + '\\n')
      }
    }`,
  )
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  return {
    ask: async path => {
      child.stdin.write(`${path}\n`)
      const [line] = await once(lines, 'line')
      return line
    },
    end: () => {
      child.stdin.end()
      return once(child, 'close')
    },
  }
}
