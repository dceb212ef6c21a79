// The store of a directory on a disk of the tests: the process is killed, the power cut, or the
// disk full, at every step.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { Disk } from './lib/fragile-files.mjs'
import { root } from './lib/packed.mjs'

const timeout = 60_000
const folder = mkdtempSync(join(tmpdir(), 'wasmqtt-power-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const { DirectoryStore } = await onFragileFiles()

/**
 * The store with the files of the tests, with nobody else there, and with a log that is soon
 * written anew.
 */
async function onFragileFiles() {
  const outfile = join(folder, 'directory.mjs')
  const small = text => {
    const sizes = { COMPACT_BYTES: ['4 << 20', '400'], FRAME_BYTES: ['1 << 20', '64'] }
    return Object.entries(sizes).reduce((changed, [name, [large, few]]) => {
      const line = `const ${name} = ${large}\n`
      assert.ok(changed.includes(line), line)
      return changed.replace(line, `const ${name} = ${few}\n`)
    }, text)
  }
  await build({
    entryPoints: [join(root, 'src/node/directory-store.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
    plugins: [
      {
        name: 'fragile files',
        setup({ onResolve, onLoad }) {
          const path = new URL('lib/fragile-files.mjs', import.meta.url).href
          onResolve({ filter: /^node:fs\/promises$/ }, () => ({ path, external: true }))
          onLoad({ filter: /[/\\]lock\.ts$/ }, () => ({
            contents: 'export const Lock = { take: async () => ({ check: async () => {}, release: async () => {} }) }',
          }))
          onLoad({ filter: /[/\\]directory-store\.ts$/ }, args => ({
            contents: small(readFileSync(args.path, 'utf8')),
            loader: 'ts',
          }))
        },
      },
    ],
  })
  return import(pathToFileURL(outfile).href)
}

/** Numbers below 1 that a seed gives. */
function dice(seed) {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

function randomBatches(random, count) {
  const change = number => {
    const key = Buffer.from(`k${Math.floor(random() * 9)}`)
    return random() < 0.25 ? { key } : { key, value: Buffer.from('v'.repeat(Math.floor(random() * 60)) + number) }
  }
  return Array.from({ length: count }, (_, number) =>
    Array.from({ length: 1 + Math.floor(random() * 4) }, () => change(number)),
  )
}

/** Returns the contents of the store before the first batch and after each. */
function statesOf(records, batches) {
  const held = new Map(records)
  return [
    textOf(held),
    ...batches.map(batch => {
      for (const { key, value } of batch) value ? held.set(`${key}`, `${value}`) : held.delete(`${key}`)
      return textOf(held)
    }),
  ]
}

const textOf = records => JSON.stringify([...records].sort())

async function load(store) {
  const records = new Map()
  for await (const { key, value } of store.load()) records.set(`${key}`, `${value}`)
  return records
}

/**
 * Opens the store and writes, as long as the machine lasts. Returns the number of acknowledged
 * batches.
 */
async function live(disk, batches) {
  let acknowledged = 0
  const store = new DirectoryStore('/d')
  const life = async () => {
    await load(store)
    for (const batch of batches) {
      await store.write(batch)
      acknowledged++
    }
  }
  await disk.run(async () => {
    await life().catch(() => {})
    await store.close().catch(() => {})
  })
  return acknowledged
}

/** Returns the contents that the next machine finds on a disk. The disk itself is left as it is. */
async function find(disk) {
  let found
  await disk.afterKill().run(async () => {
    found = await load(new DirectoryStore('/d'))
  })
  return found
}

const killed = disk => disk.afterKill()
const cut = (disk, random) => disk.afterPowerCut(random)
/** How a machine ends, and how the one after it. */
const ends = {
  'is killed': { stop: 'endsAt', next: killed, last: cut },
  'is cut from power': { stop: 'endsAt', next: cut, last: cut },
  'finds the disk full': { stop: 'failsAt', next: killed, last: cut },
}

for (const [end, { stop, next, last }] of Object.entries(ends)) {
  test(`acknowledged data is there, and no batch by halves, at whatever step it ${end}`, {
    timeout,
  }, async () => {
    for (let seed = 1; seed <= 3; seed++) {
      const batches = randomBatches(dice(seed), 30)
      const states = statesOf([], batches)
      const whole = new Disk()
      assert.equal(await live(whole, batches), batches.length)
      assert.ok(whole.steps.filter(step => step.startsWith('rename')).length > 3, 'it was written anew')
      for (let step = 1; step <= whole.steps.length; step++) {
        const random = dice(seed * 7919 + step)
        const disk = new Disk()
        disk[stop] = step
        const acknowledged = await live(disk, batches)
        const where = `seed ${seed}, step ${step}: ${whole.steps[step - 1]}`
        // The next is ended too, soon after it began; and the third finds what is there.
        const second = next(disk, random)
        const found = await find(second)
        assert.ok(states.slice(acknowledged, acknowledged + 2).includes(textOf(found)), where)
        second.endsAt = 1 + Math.floor(random() * 40)
        const more = randomBatches(random, 12)
        const kept = await live(second, more)
        const third = await find(last(second, random))
        assert.ok(
          statesOf(found, more)
            .slice(kept, kept + 2)
            .includes(textOf(third)),
          `${where}, the second`,
        )
      }
    }
  })
}
