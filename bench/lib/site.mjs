// The pages of a benchmark: bundles, served on loopback.
import { createServer } from 'node:http'
import { bundle } from './bundle.mjs'

/**
 * Bundles modules for the browser, and serves each as `/NAME.js`, and a page with it as `/NAME`.
 *
 * @param {Record<string, string>} modules the text of each by its name
 * @param {string} resolveDir the folder that they import from
 */
export async function serve(modules, resolveDir) {
  const bundled = await bundle({
    entryPoints: Object.keys(modules).map(name => ({ in: `entry:${name}`, out: name })),
    plugins: [entries(modules, resolveDir)],
  })
  const files = new Map(bundled.map(({ path, contents }) => [path, contents]))
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    const html = path === '/' ? '' : files.has(`${path}.js`) && `<script type="module" src="${path}.js"></script>`
    const contents = typeof html === 'string' ? `<!doctype html><title>bench</title>${html}` : files.get(path)
    const type =
      typeof html === 'string' ? 'text/html' : path.endsWith('.wasm') ? 'application/wasm' : 'text/javascript'
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

/** `entry:NAME` is the module NAME. */
const entries = (modules, resolveDir) => ({
  name: 'entries',
  setup(build) {
    build.onResolve({ filter: /^entry:/ }, ({ path }) => ({ path, namespace: 'entry' }))
    build.onLoad({ filter: /.*/, namespace: 'entry' }, ({ path }) => ({
      resolveDir,
      contents: modules[path.slice('entry:'.length)],
    }))
  },
})
