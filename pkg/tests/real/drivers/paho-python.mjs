// paho-mqtt for Python: a process for each client, to which it is told what to do, a line of JSON
// each.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Inbox } from './inbox.mjs'

const python = process.env.WASMQTT_PAHO_PYTHON
const script = fileURLToPath(new URL('paho_client.py', import.meta.url))

function driver(name, urlOf) {
  return {
    name,
    versions: [3, 4, 5],
    qualities: [0, 1, 2],
    missing: python ? false : 'WASMQTT_PAHO_PYTHON names no Python with paho-mqtt; npm test sets it up',
    async open(broker, options) {
      const child = spawn(python, ['-u', script], { stdio: ['pipe', 'pipe', 'inherit'] })
      const exited = once(child, 'exit')
      const inbox = new Inbox()
      const answers = new Inbox()
      createInterface({ input: child.stdout }).on('line', line => {
        const { message, ...answer } = JSON.parse(line)
        if (message) inbox.push(message)
        else answers.push(answer)
      })
      const ask = async question => {
        child.stdin.write(`${JSON.stringify(question)}\n`)
        const answer = await Promise.race([answers.next(), exited.then(() => ({ error: 'the process ended' }))])
        if (answer.error) throw new Error(answer.error)
        return answer
      }
      const { hostname: host, port, protocol } = new URL(urlOf(broker))
      const transport = protocol === 'ws:' ? 'websockets' : 'tcp'
      const { sessionPresent } = await ask({ do: 'connect', host, port: Number(port), transport, ...options })
      return {
        inbox,
        sessionPresent,
        publish: (topic, payload, { qos = 0, retain = false } = {}) =>
          ask({ do: 'publish', topic, payload, qos, retain }),
        subscribe: async (filter, qos) => (await ask({ do: 'subscribe', filter, qos })).granted,
        async end() {
          await ask({ do: 'end' })
          child.stdin.end()
          await exited
        },
        async kill() {
          child.kill('SIGKILL')
          await exited
        },
      }
    },
  }
}

export const pahoPython = [
  driver('paho-mqtt for Python over TCP', ({ tcp }) => tcp),
  driver('paho-mqtt for Python over a WebSocket', ({ ws }) => ws),
]
