// One suite of behaviours, run against real brokers, and the document of what they do.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { install, load } from '../lib/packed.mjs'
import { common } from './behaviours.mjs'
import { ofVersion5 } from './behaviours-v5.mjs'
import { bridges } from './bridges.mjs'
import { brokers } from './brokers.mjs'
import * as document from './document.mjs'
import { habits } from './habits.mjs'
import { Lab, reconnects } from './lab.mjs'
import { isSilent, lacks } from './lacks.mjs'
import { restarts } from './restarts.mjs'

const project = install()
const api = await load(project, 'wasmqtt')
const withBrokers = await load(project, 'wasmqtt/broker')

/** Time after which nothing has come, for a behaviour that a broker lacks. */
const silence = 3000

const behaviours = [
  ...common.map(behaviour => ({ versions: [4, 5], ...behaviour })),
  ...ofVersion5.map(behaviour => ({ versions: [5], ...behaviour })),
  ...restarts.map(behaviour => ({ versions: [4, 5], ...behaviour })),
]
const outcomes = new Map()
const keyOf = (...parts) => parts.join()

describe('interop', { concurrency: true, timeout: 300_000 }, () => {
  for (const broker of brokers) {
    const skip = broker.version ? false : `${broker.name} is not installed`
    describe(broker.name, { skip, concurrency: false }, () => {
      let running
      before(async () => {
        running = Object.assign(await broker.start(), { kills: broker.kills ?? 2 })
      })
      after(() => running?.stop())

      const show = (version, at, behaviour) => {
        if (!behaviour.versions.includes(version)) return
        test(`${broker.name}, version ${version}: ${behaviour.name}`, async () => {
          const topic = `interop/${version}/${at}`
          const lack = lacks[broker.name][behaviour.name]
          await judge(broker, lack, () => inLab(running, { version, topic }, lack, behaviour))
          outcomes.set(keyOf(behaviour.name, broker.name, version), lack?.reason)
        })
      }
      for (const version of broker.versions) {
        for (const [at, behaviour] of behaviours.entries()) if (!behaviour.kills) show(version, at, behaviour)
      }
      for (const version of broker.versions) {
        for (const [at, { name, run }] of bridges.entries()) {
          test(`${broker.name}, version ${version}: a bridge ${name}`, () =>
            inLab(running, { api: withBrokers, version, topic: `bridges/${version}/${at}` }, undefined, { run }))
        }
      }
      for (const [at, habit] of habits.entries()) {
        if (habit.broker !== broker.name || (habit.needsReconnect && !reconnects(api))) continue
        test(`${broker.name}: ${habit.habit}`, () =>
          inLab(running, { version: habit.version ?? 4, topic: `habits/${at}` }, undefined, habit))
      }
      // Last, since the broker is killed.
      for (const version of broker.versions) {
        for (const [at, behaviour] of behaviours.entries())
          if (behaviour.kills && reconnects(api)) show(version, at, behaviour)
      }
    })
  }
})

/** Runs an action with a lab, within the time limit. */
async function inLab(running, about, lack, { run, limit = 30_000 }) {
  const lab = new Lab({ api, url: running.url, ...about })
  let timer
  const late = new Promise((_, reject) => {
    const ms = isSilent(lack) ? silence : limit
    timer = setTimeout(() => reject(new Error(`nothing came in ${ms} ms`)), ms)
  })
  try {
    await Promise.race([run(lab, running), late])
  } finally {
    clearTimeout(timer)
    await lab.close()
  }
}

/**
 * Asserts that an action succeeds, or that it fails as the broker's lack is told. A broker of
 * another version than the document's may have what it lacked.
 */
async function judge(broker, lack, action) {
  if (!lack) return action()
  const error = await action().then(
    () => undefined,
    error => error,
  )
  if (broker.version !== document.writtenWith(broker.name)) return undefined
  assert.ok(error, `${broker.name} has this now: take it out of lacks.mjs`)
  assert.match(String(error.message), lack.error)
  return undefined
}

test('docs/interop.md is what the run shows', () => {
  const versionOf = name => {
    const { version } = brokers.find(broker => broker.name === name)
    return process.env.UPDATE ? (version ?? document.writtenWith(name)) : document.writtenWith(name)
  }
  // What a missing broker does is taken from the declarations that its tests would prove.
  const outcome = (behaviour, broker, version) => {
    const key = keyOf(behaviour, broker, version)
    return outcomes.has(key) ? outcomes.get(key) : lacks[broker][behaviour]?.reason
  }
  const text = document.render({ brokers, behaviours, versionOf, outcome, habits })
  if (process.env.UPDATE) writeFileSync(document.path, text)
  else assert.equal(document.text, text, 'write it by UPDATE=1 npm run test:interop -w pkg')
})
