// The client in a worker and in a shared worker, against the command line's broker.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test as base, expect } from '@playwright/test'

const dist = fileURLToPath(new URL('../../pkg/dist/', import.meta.url))

interface Fixtures {
  /** Address of a site on the loopback, with the package and the workers. */
  site: string
  /** Address of a broker's WebSocket. */
  broker: string
}

/** Script of a worker: it subscribes, publishes, and answers with what came. */
const worker = `
  async function talk(url, answer) {
    const { connect } = await import('/dist/index.js')
    const mqtt = await connect(url, { keepAlive: 5 })
    const got = []
    const errors = []
    mqtt.addEventListener('error', event => {
      event.preventDefault()
      errors.push(event.error.message)
    })
    await mqtt.subscribe(['a', 'b'], { qos: 1, acknowledge: 'manual' }, message => {
      got.push(message.text() + message.ack())
    })
    await mqtt.subscribe('a', () => {
      throw new Error('thrown')
    })
    const latest = mqtt.latest('c')
    const reading = latest.next()
    await mqtt.publish('a', '1', { qos: 1 })
    await mqtt.publish('b', '2', { qos: 2 })
    let texts
    while (!texts) {
      mqtt.publish('c', '3')
      texts = await Promise.race([
        reading.then(({ value }) => value.map(message => message.text())),
        new Promise(resolve => setTimeout(resolve, 20)),
      ])
    }
    await latest.return()
    await mqtt.drain()
    await mqtt.end()
    answer({ got, errors, texts, phase: mqtt.status.phase, shown: String(mqtt) })
  }
  if (globalThis.onconnect === null) {
    onconnect = ({ ports: [port] }) => {
      port.onmessage = ({ data }) => talk(data, answer => port.postMessage(answer))
    }
  } else {
    onmessage = ({ data }) => talk(data, answer => postMessage(answer))
  }
`

const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures' names there.
  site: async ({}, use) => {
    const server = createServer(({ url = '/' }, response) => {
      const [, path] = /^\/dist\/([\w/.-]+)$/.exec(url) ?? []
      if (path) {
        const type = path.endsWith('.wasm') ? 'application/wasm' : 'text/javascript'
        return void response.setHeader('Content-Type', type).end(readFileSync(join(dist, path)))
      }
      const [type, text] = url === '/worker.js' ? ['text/javascript', worker] : ['text/html', '<!doctype html>']
      response.setHeader('Content-Type', type).end(text)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    server.closeAllConnections()
    server.close()
  },

  // biome-ignore lint/correctness/noEmptyPattern: see above.
  broker: async ({}, use) => {
    const program: ChildProcess = spawn(
      process.execPath,
      [join(dist, 'cli.js'), 'broker', '--ws', '0', '--log', 'silent'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const [line] = await once(program.stdout?.setEncoding('utf8') ?? program, 'data')
    await use(line.trim().split(' ').at(3))
    program.kill('SIGKILL')
  },
})

for (const kind of ['Worker', 'SharedWorker'] as const) {
  test(`a client lives in a ${kind}`, async ({ page, site, broker }) => {
    await page.goto(site)
    const answer = await page.evaluate(
      ([kind, url]) =>
        new Promise((resolve, reject) => {
          const made = kind === 'Worker' ? new Worker('/worker.js') : new SharedWorker('/worker.js')
          const port = 'port' in made ? made.port : made
          made.onerror = event => reject(new Error((event as ErrorEvent).message))
          port.onmessage = ({ data }: MessageEvent) => resolve(data)
          port.postMessage(url)
        }),
      [kind, broker] as const,
    )
    expect(answer).toEqual({
      got: ['1true', '2true'],
      errors: ['thrown'],
      texts: ['3'],
      phase: 'closed',
      shown: '[object Client]',
    })
  })
}
