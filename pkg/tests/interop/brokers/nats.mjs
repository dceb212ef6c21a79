// NATS, with JetStream, which its MQTT needs.
import { broker, credentials, find, freePorts, printed } from './process.mjs'

const program = find('nats-server')

export const nats = broker({
  name: 'NATS',
  about: 'with JetStream, at the path `/mqtt`',
  version: /v([\d.]+)/.exec(printed(program, '--version') ?? '')?.[1],
  versions: [4],
  async launch(home) {
    const [own, tcp, ws] = await freePorts(3)
    const { username, password } = credentials
    const config = home.file('nats.conf', [
      'server_name: wasmqtt',
      `listen: 127.0.0.1:${own}`,
      `jetstream { store_dir: "${home.folder}/jetstream" }`,
      `mqtt { listen: "127.0.0.1:${tcp}" }`,
      `websocket { listen: "127.0.0.1:${ws}", no_tls: true }`,
      `authorization { users = [{ user: "${username}", password: "${password}" }] }`,
    ])
    return {
      url: `ws://127.0.0.1:${ws}/mqtt`,
      tcp: `mqtt://127.0.0.1:${tcp}`,
      run: () => home.run(program, ['-c', config], { ready: /Server is ready/ }),
    }
  },
})
