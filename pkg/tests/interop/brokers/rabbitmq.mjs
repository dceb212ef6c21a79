// RabbitMQ, with the plugins for MQTT and for MQTT over WebSockets.
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { broker, credentials, find, freePorts } from './process.mjs'

// Debian's program on PATH runs as one user alone, and on the data of the service alone.
const program = find('/usr/lib/rabbitmq/bin/rabbitmq-server', 'rabbitmq-server')
const epmd = find('epmd', '/usr/lib/erlang/bin/epmd')

/** The version, from the name of the plugin's folder or file. */
function versionOf() {
  const places = ['/usr/lib/rabbitmq/lib', '/opt/homebrew/opt/rabbitmq/plugins', '/usr/local/opt/rabbitmq/plugins']
  const names = places.filter(place => existsSync(place)).flatMap(place => readdirSync(place))
  return names.map(name => /^(?:rabbitmq_server|rabbitmq_web_mqtt)-([\d.]+\d)/.exec(name)?.[1]).find(Boolean)
}

export const rabbitmq = broker({
  name: 'RabbitMQ',
  about: 'with the plugin rabbitmq_web_mqtt, at the path `/ws`',
  version: program && epmd ? versionOf() : undefined,
  // 5.0 is of RabbitMQ 3.13 and later.
  versions: [4],
  // It takes long to start.
  kills: 1,
  async launch(home) {
    const [tcp, ws, distribution, names] = await freePorts(4)
    const config = home.file('rabbitmq.conf', [
      'listeners.tcp = none',
      `mqtt.listeners.tcp.1 = 127.0.0.1:${tcp}`,
      'mqtt.allow_anonymous = false',
      'web_mqtt.tcp.ip = 127.0.0.1',
      `web_mqtt.tcp.port = ${ws}`,
      `default_user = ${credentials.username}`,
      `default_pass = ${credentials.password}`,
      'log.console = true',
      'log.console.level = warning',
    ])
    const plugins = home.file('enabled_plugins', '[rabbitmq_mqtt,rabbitmq_web_mqtt].')
    mkdirSync(join(home.folder, 'data'), { recursive: true })
    const env = {
      HOME: home.folder,
      ERL_EPMD_PORT: String(names),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_CONF_ENV_FILE: home.file('rabbitmq-env.conf', ''),
      RABBITMQ_CONFIG_FILE: config,
      RABBITMQ_ADVANCED_CONFIG_FILE: join(home.folder, 'advanced.config'),
      RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
      RABBITMQ_NODENAME: 'wasmqtt@localhost',
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_MNESIA_BASE: join(home.folder, 'data'),
      RABBITMQ_LOG_BASE: home.folder,
      RABBITMQ_LOGS: '-',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none',
      PATH: `${dirname(program)}:${process.env.PATH}`,
    }
    return {
      url: `ws://127.0.0.1:${ws}/ws`,
      tcp: `mqtt://127.0.0.1:${tcp}`,
      async run() {
        // Its name server, which it would leave running behind us.
        await home.run(epmd, ['-port', String(names), '-address', '127.0.0.1', '-debug'], { env, ready: /running/ })
        return home.run(program, [], { env, ready: /completed with \d+ plugins/ })
      },
    }
  },
})
