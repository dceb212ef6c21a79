// Web Locks for Node, which has none in its older versions: exclusive locks of one page.

/** A stand-in for `navigator.locks`, with queues, `ifAvailable`, `steal`, `signal` and `query`. */
export class Locks {
  /** Locks that are held, by name. */
  #held = new Map()
  /** Requests that wait, by name. */
  #queues = new Map()

  async request(name, ...rest) {
    const [{ ifAvailable, steal, signal } = {}, run] = rest.length > 1 ? rest : [{}, rest[0]]
    if (signal?.aborted) throw signal.reason
    if (steal) {
      this.#held.get(name)?.lose(new DOMException('the lock was stolen', 'AbortError'))
      this.#held.delete(name)
    } else if (this.#held.has(name)) {
      if (ifAvailable) return run(null)
      await this.#wait(name, signal)
    }
    return this.#hold(name, run)
  }

  async query() {
    await new Promise(resolve => setImmediate(resolve))
    const held = [...this.#held.keys()].map(name => ({ name, mode: 'exclusive', clientId: 'node' }))
    return { held, pending: [] }
  }

  #wait(name, signal) {
    const queue = this.#queues.get(name) ?? []
    this.#queues.set(name, queue)
    return new Promise((resolve, reject) => {
      queue.push(resolve)
      signal?.addEventListener('abort', () => {
        const place = queue.indexOf(resolve)
        if (place < 0) return
        queue.splice(place, 1)
        reject(signal.reason)
      })
    })
  }

  async #hold(name, run) {
    const lost = Promise.withResolvers?.() ?? withResolvers()
    const lock = { lose: lost.reject }
    this.#held.set(name, lock)
    // A page grants a lock in a task of its own.
    await new Promise(resolve => setImmediate(resolve))
    try {
      return await Promise.race([lost.promise, Promise.resolve().then(() => run({ name, mode: 'exclusive' }))])
    } finally {
      if (this.#held.get(name) === lock) this.#free(name)
    }
  }

  #free(name) {
    this.#held.delete(name)
    const next = this.#queues.get(name)?.shift()
    if (!next) return
    // So that no other request comes between.
    this.#held.set(name, { lose() {} })
    next()
  }
}

function withResolvers() {
  const made = {}
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }))
  return made
}
