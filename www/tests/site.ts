// The built pages on a static host, below a path of their own.
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
}

export interface Site {
  /** Address of the folder, with a slash at its end. */
  readonly address: string
  /** Paths that were asked for, and are not there. */
  readonly missing: string[]
  stop(): Promise<void>
}

/** Serves the built pages below a path, and nothing above it. */
export async function serve(below: string): Promise<Site> {
  const missing: string[] = []
  const server = createServer(({ url = '/' }, response) => {
    const path = decodeURIComponent(new URL(url, 'http://site').pathname)
    const file = path.startsWith(below) ? normalize(path.slice(below.length)) : '..'
    const found = join(dist, file === '.' || file === '' ? 'index.html' : file)
    if (file.startsWith('..') || !existsSync(found)) {
      missing.push(path)
      response.writeHead(404).end()
      return
    }
    response.setHeader('Content-Type', types[extname(found)] ?? 'application/octet-stream')
    response.end(readFileSync(found))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}${below}`,
    missing,
    stop: async () => {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
