// Costs of a client over time, in Chromium: memory, listeners, the start, and a steady rate.
import { withPage } from '../lib/page.mjs'
import { median, print } from '../lib/table.mjs'

/** Numbers of a long run, and the seconds that a figure may take. */
const full = { messages: 1_000_000, reconnects: 10_000, rate: 1000, seconds: 5, starts: 7, limit: 240 }
const quick = { messages: 20_000, reconnects: 200, rate: 1000, seconds: 1, starts: 1, limit: 20 }

/** Growth that is noise: bytes, as a part of a message or of a reconnect. */
const NOISE = { message: 0.5, reconnect: 32 }

/** The modules of a client: one that a test drives, and one that connects as its page loads. */
export const modules = client => ({
  [`long-${client}`]: `
    import { open, receive, reconnect, steady } from './long-run.js'
    import { connect } from './clients/${client}.js'
    export const begin = async () => { globalThis.state = await open(connect) }
    export const act = (name, ...args) => ({ receive, reconnect, steady })[name](globalThis.state, ...args)
  `,
  [`start-${client}`]: `
    import { connect } from './clients/${client}.js'
    import { StandIn } from './stand-in.js'
    const { send } = StandIn.prototype
    StandIn.prototype.send = function (bytes) {
      globalThis.sentAt ??= performance.now()
      return send.call(this, bytes)
    }
    connect('ws://stand-in.example/mqtt', StandIn, () => {})
  `,
})

/** Measures the clients, and prints a table. Returns false if ours missed a goal. */
export async function longRuns(site, clients, isQuick) {
  const scale = isQuick ? quick : full
  const rows = []
  for (const client of clients) {
    console.error(`long run: ${client}`)
    rows.push([client, await figures(site, client, scale)])
  }
  const kib = bytes => (Number.isNaN(bytes) ? 'no end' : `${(bytes / 1024).toFixed(0)} KiB`)
  console.log(
    `\nOver time: growth of memory (JavaScript and WebAssembly) and of listeners over ${scale.messages.toLocaleString('en')} ` +
      `messages and over ${scale.reconnects.toLocaleString('en')} reconnects; the main thread's time for a message at ` +
      `${scale.rate.toLocaleString('en')} a second; from navigation to CONNECT, the median of ${scale.starts}.\n`,
  )
  print([
    ['', 'messages', 'listeners', 'reconnects', 'listeners', 'a message', 'to CONNECT'],
    ...rows.map(([client, { messages, reconnects, message, start }]) => [
      client,
      kib(messages.bytes),
      String(messages.listeners),
      kib(reconnects.bytes),
      String(reconnects.listeners),
      `${message.toFixed(1)} µs`,
      `${start.toFixed(0)} ms`,
    ]),
  ])
  const [, ours] = rows.find(([client]) => client === 'wasmqtt') ?? []
  return !ours || verdict(ours, scale)
}

function verdict({ messages, reconnects }, scale) {
  const grows =
    Number.isNaN(messages.bytes + reconnects.bytes) ||
    messages.bytes > Math.max(scale.messages * NOISE.message, 512 * 1024) ||
    reconnects.bytes > Math.max(scale.reconnects * NOISE.reconnect, 512 * 1024)
  const listens = messages.listeners > 0 || reconnects.listeners > 0
  console.log(`\nGoal for wasmqtt, no growth and constant listeners: ${grows || listens ? 'NOT reached' : 'reached'}.`)
  return !grows && !listens
}

const absent = { bytes: Number.NaN, listeners: Number.NaN }

async function figures(site, client, scale) {
  const of = action => action().catch(error => void console.error(`${client}: ${error.message.split('\n')[0]}`))
  return {
    messages: (await of(() => growth(site, client, 'receive', scale.messages, scale.limit))) ?? absent,
    reconnects: (await of(() => growth(site, client, 'reconnect', scale.reconnects, scale.limit))) ?? absent,
    message: (await of(() => mainThread(site, client, scale))) ?? Number.NaN,
    start: (await of(() => start(site, client, scale.starts))) ?? Number.NaN,
  }
}

/** Growth of memory and listeners over an action, after a tenth of it. */
function growth(site, client, action, times, limit) {
  return withPage(
    site.url,
    async ({ page, measure }) => {
      const act = count =>
        page.evaluate(
          ([file, ...args]) => import(file).then(module => module.act(...args)),
          [`/long-${client}.js`, action, count],
        )
      await begin(page, client)
      await act(times / 10)
      const before = await measure()
      await act(times)
      const after = await measure()
      return { bytes: after.bytes - before.bytes, listeners: after.listeners - before.listeners }
    },
    limit,
  )
}

/** Microseconds of the main thread for a message of a steady rate. */
function mainThread(site, client, { rate, seconds, limit }) {
  return withPage(
    site.url,
    async ({ page, tasks }) => {
      const run = time =>
        page.evaluate(
          ([file, ...args]) => import(file).then(module => module.act(...args)),
          [`/long-${client}.js`, 'steady', rate, time],
        )
      await begin(page, client)
      await run(1)
      const before = await tasks()
      const sent = await run(seconds)
      return (((await tasks()) - before) / sent) * 1e6
    },
    limit,
  )
}

const begin = (page, client) => page.evaluate(file => import(file).then(module => module.begin()), `/long-${client}.js`)

/** Milliseconds from the beginning of a navigation until CONNECT is sent. */
async function start(site, client, times) {
  const all = []
  for (let time = 0; time < times; time++) {
    all.push(
      await withPage(`${site.url}start-${client}`, ({ page }) =>
        page.waitForFunction(() => globalThis.sentAt).then(handle => handle.jsonValue()),
      ),
    )
  }
  return median(all)
}
