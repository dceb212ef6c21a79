// aedes, in a process of its own, with its sessions in memory.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { broker, freePorts } from './process.mjs'

// Its `exports` leave out its package.json.
const manifest = new URL('package.json', import.meta.resolve('aedes'))
const script = fileURLToPath(new URL('aedes-process.mjs', import.meta.url))

export const aedes = broker({
  name: 'aedes',
  about: 'with its sessions in memory',
  version: JSON.parse(readFileSync(manifest, 'utf8')).version,
  versions: [4],
  async launch(home) {
    const [tcp, ws] = await freePorts(2)
    return {
      url: `ws://127.0.0.1:${ws}`,
      tcp: `mqtt://127.0.0.1:${tcp}`,
      run: () => home.run(process.execPath, [script, String(tcp), String(ws)], { ready: /listens/ }),
    }
  },
})
