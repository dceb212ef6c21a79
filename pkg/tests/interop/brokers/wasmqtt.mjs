// Our own broker by its command line, with the store in a directory.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { command } from '../../lib/cli.mjs'
import { root } from '../../lib/packed.mjs'
import { broker, credentials, freePorts } from './process.mjs'

export const wasmqtt = broker({
  name: 'wasmqtt',
  about: '`npx wasmqtt broker` with `--store`',
  version: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
  versions: [5, 4],
  async launch(home) {
    const [tcp, ws] = await freePorts(2)
    const config = home.file('broker.json', JSON.stringify({ users: [credentials], queue: { messages: 10_000 } }))
    const listeners = ['--tcp', `127.0.0.1:${tcp}`, '--ws', `127.0.0.1:${ws}`]
    const args = [command, 'broker', ...listeners, '--config', config, '--store', join(home.folder, 'store')]
    return {
      url: `ws://127.0.0.1:${ws}`,
      tcp: `mqtt://127.0.0.1:${tcp}`,
      run: () => home.run(process.execPath, args, { ready: /wasmqtt listens/ }),
    }
  },
})
