// mosquitto_pub and mosquitto_sub: a process for each message, and for each subscription.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { Inbox } from './inbox.mjs'

const programs = ['mosquitto_pub', 'mosquitto_sub']
const folders = (process.env.PATH ?? '').split(delimiter)
const isThere = programs.every(program => folders.some(folder => existsSync(join(folder, program))))

export const mosquitto = [
  {
    name: 'mosquitto_pub and mosquitto_sub',
    versions: [3, 4, 5],
    qualities: [0, 1, 2],
    missing: isThere ? false : `there is no ${programs.join(' or ')} on PATH`,
    async open({ tcp, subscribed }, { version, clientId, clean = true, will }) {
      const { hostname, port } = new URL(tcp)
      const common = ['-h', hostname, '-p', port, '-V', { 3: '31', 4: '311', 5: '5' }[version]]
      const wills = will && ['--will-topic', will.topic, '--will-payload', will.payload, '--will-qos', `${will.qos}`]
      const inbox = new Inbox()
      const children = []
      // Not SIGINT, at which it would send DISCONNECT: one that comes while it handles a packet has
      // it wait for itself for ever.
      const kill = async () => {
        for (const { child, exited } of children) {
          child.kill('SIGKILL')
          await exited
        }
      }
      const session = clean ? [] : ['-c', ...(version === 5 ? ['-x', '600'] : [])]
      const whatOf = (filter, qos) => ['-i', clientId, '-t', filter, '-q', `${qos}`, ...session, ...(wills ?? [])]
      return {
        inbox,
        async publish(topic, payload, { qos = 0, retain = false } = {}) {
          const message = payload === '' ? ['-n'] : ['-m', payload]
          await run('mosquitto_pub', [...common, '-t', topic, ...message, '-q', `${qos}`, ...(retain ? ['-r'] : [])])
        },
        async subscribe(filter, qos) {
          // It says nothing of its subscription before the first message.
          const granted = subscribed(clientId)
          const child = spawn('mosquitto_sub', [...common, ...whatOf(filter, qos), '-F', '%q %r %t %p'], {
            stdio: ['ignore', 'pipe', 'inherit'],
          })
          const exited = once(child, 'exit')
          children.push({ child, exited })
          createInterface({ input: child.stdout }).on('line', line => {
            const [qos, retain, topic, ...payload] = line.split(' ')
            inbox.push({ topic, payload: payload.join(' '), qos: Number(qos), retain: retain === '1' })
          })
          return Promise.race([granted, exited.then(([code]) => failed('mosquitto_sub', code))])
        },
        // It ends by itself once it is subscribed, with DISCONNECT.
        visit: (filter, qos) => run('mosquitto_sub', [...common, ...whatOf(filter, qos), '-E']),
        end: kill,
        kill,
      }
    },
  },
]

async function run(program, args) {
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = await once(child, 'exit')
  if (code !== 0) failed(program, code)
}

function failed(program, code) {
  throw new Error(`${program} ended with ${code}`)
}
