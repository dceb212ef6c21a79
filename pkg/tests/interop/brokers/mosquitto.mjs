// Mosquitto, with a WebSocket listener and durable sessions.
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { watch } from 'node:fs'
import { broker, credentials, find, freePorts, printed } from './process.mjs'

const program = find('mosquitto')

export const mosquitto = broker({
  name: 'Mosquitto',
  about:
    'with `protocol websockets`, persistence and `autosave_on_changes`. It acknowledges before it saves, so it is killed after a save, with messages under way to it',
  version: /mosquitto version ([\d.]+)/.exec(printed(program, '-h') ?? '')?.[1],
  versions: [5, 4],
  async launch(home) {
    const [tcp, ws] = await freePorts(2)
    const users = home.file('users', `${credentials.username}:${hashOf(credentials.password)}`)
    const config = home.file('mosquitto.conf', [
      // As root it would become another user, who may not read these files.
      ...(process.getuid?.() === 0 ? ['user root'] : []),
      'persistence true',
      `persistence_location ${home.folder}/`,
      // Saves after each change, since a killed broker saves nothing.
      'autosave_on_changes true',
      'autosave_interval 1',
      'allow_anonymous false',
      `password_file ${users}`,
      'max_queued_messages 0',
      `listener ${tcp} 127.0.0.1`,
      `listener ${ws} 127.0.0.1`,
      'protocol websockets',
    ])
    return {
      url: `ws://127.0.0.1:${ws}`,
      tcp: `mqtt://127.0.0.1:${tcp}`,
      run: () => home.run(program, ['-c', config], { ready: / running\b/ }),
      async freeze() {
        const saved = new Promise(resolve => {
          const watcher = watch(home.folder, (_, name) => {
            if (name !== 'mosquitto.db') return
            watcher.close()
            resolve()
          })
        })
        home.signal('SIGUSR1')
        await saved
        home.signal('SIGSTOP')
      },
    }
  },
})

/** The form of a password in Mosquitto's file: PBKDF2 of SHA-512. */
function hashOf(password) {
  const salt = randomBytes(12)
  const rounds = 101
  const hash = pbkdf2Sync(password, salt, rounds, 64, 'sha512')
  return `$7$${rounds}$${salt.toString('base64')}$${hash.toString('base64')}`
}
