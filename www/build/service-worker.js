// Service worker of the built pages: it keeps all their files, so that they work offline.
//
// A version of the pages is kept as a whole, and another takes its place when no page of the
// older is open. So a page never mixes files of two versions.

/** A name for the content of all files. */
const version = 'VERSION'
/** Paths from the worker's folder. */
const files = ['FILES']

const prefix = `wasmqtt ${self.registration.scope} `
const name = prefix + version

self.addEventListener('install', event => {
  event.waitUntil(keep())
})

self.addEventListener('activate', event => {
  event.waitUntil(forgetOthers())
})

self.addEventListener('fetch', event => {
  const { request } = event
  const path = pathOf(request.url)
  if (request.method === 'GET' && path !== undefined && files.includes(path)) event.respondWith(answer(path, request))
})

async function keep() {
  const cache = await caches.open(name)
  // The browser's own cache may have a file of an older version.
  await cache.addAll(files.map(path => new Request(path, { cache: 'reload' })))
}

async function forgetOthers() {
  for (const other of await caches.keys()) if (other.startsWith(prefix) && other !== name) await caches.delete(other)
}

/** Returns the path of a file of these pages; undefined for anything else. */
function pathOf(url) {
  const { scope } = self.registration
  const address = url.split(/[?#]/)[0]
  if (!address.startsWith(scope)) return undefined
  return address.slice(scope.length) || 'index.html'
}

async function answer(path, request) {
  const cache = await caches.open(name)
  return (await cache.match(path)) ?? fetch(request)
}
