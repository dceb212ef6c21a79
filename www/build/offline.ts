// Vite plugin: the built pages can be installed, and work offline.
//
// Each page gets a link to the manifest and the script that registers the service worker. The
// worker gets the list of the built files, and a name of the list for its cache.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { HtmlTagDescriptor, Plugin, ResolvedConfig } from 'vite'

const worker = fileURLToPath(new URL('service-worker.js', import.meta.url))

/** Files that are not kept: a host may change them, or no page asks the worker for them. */
const leftOut = /^(?:decoders\.js|service-worker\.js|manifest\.webmanifest)$|\.map$/

const tags: HtmlTagDescriptor[] = [
  { tag: 'link', attrs: { rel: 'manifest', href: './manifest.webmanifest' }, injectTo: 'head' },
  { tag: 'link', attrs: { rel: 'apple-touch-icon', href: './icon-180.png' }, injectTo: 'head' },
  { tag: 'script', attrs: { type: 'module', src: './src/offline.ts' }, injectTo: 'head' },
]

export function offline(): Plugin {
  let config: ResolvedConfig
  return {
    name: 'offline',
    apply: 'build',
    configResolved(resolved) {
      config = resolved
    },
    transformIndexHtml: { order: 'pre', handler: html => ({ html, tags }) },
    closeBundle() {
      const dist = join(config.root, config.build.outDir)
      const files = readdirSync(dist, { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile())
        .map(({ parentPath, name }) =>
          join(parentPath, name)
            .slice(dist.length + 1)
            .replaceAll('\\', '/'),
        )
        .filter(path => !leftOut.test(path))
        .sort()
      const hash = createHash('sha256')
      for (const path of files) hash.update(path).update(readFileSync(join(dist, path)))
      const text = readFileSync(worker, 'utf8')
        .replace("'VERSION'", JSON.stringify(hash.digest('hex').slice(0, 16)))
        .replace("['FILES']", JSON.stringify(files))
      writeFileSync(join(dist, 'service-worker.js'), text)
    },
  }
}
