// The pages of the benchmark: a bundle for each client, served on loopback.
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.mjs'

const here = name => fileURLToPath(new URL(name, import.meta.url))

/** Bundles each client with the cases, and serves them. */
export async function serve() {
  const bundled = await bundle({
    entryPoints: ['wasmqtt', 'by-hand', 'mqttjs', 'paho'].map(client => ({ in: `entry:${client}`, out: client })),
    plugins: [entries],
  })
  const files = new Map(bundled.map(({ path, contents }) => [path, contents]))
  const server = createServer((request, response) => {
    const contents = request.url === '/' ? '<!doctype html><title>bench</title>' : files.get(request.url)
    const type =
      request.url === '/' ? 'text/html' : request.url?.endsWith('.wasm') ? 'application/wasm' : 'text/javascript'
    response.writeHead(contents ? 200 : 404, { 'content-type': type }).end(contents)
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** `entry:NAME` is a module that measures the client NAME. */
const entries = {
  name: 'entries',
  setup(build) {
    build.onResolve({ filter: /^entry:/ }, ({ path }) => ({ path, namespace: 'entry' }))
    build.onLoad({ filter: /.*/, namespace: 'entry' }, ({ path }) => ({
      resolveDir: here('.'),
      contents: `
        import { measure } from './cases.js'
        import { connect } from './clients/${path.slice('entry:'.length)}.js'
        export const run = (name, scale) => measure(connect, name, scale)
      `,
    }))
  },
}
