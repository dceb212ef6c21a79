// File system of one folder in memory, in place of node:fs/promises, for a store whose machine
// dies. It stops or fails at a step of the test's choice, and forgets data that was not made
// durable.

/** Bytes that a disk writes at once. */
const BLOCK_BYTES = 16

/** The disk of the machine that runs. */
let disk

/** A disk with what is written, and what of that is durable. */
export class Disk {
  /** The folder, by the paths of its files. */
  names = new Map()
  durableNames = new Map()
  /** Changes of the folder since it was last durable. */
  changes = []
  /** Steps in the order in which they were done. */
  steps = []
  /** At this step the machine stands still, or the disk has no room. */
  endsAt = Number.POSITIVE_INFINITY
  failsAt = Number.POSITIVE_INFINITY

  /**
   * From now on it is that of the machine. Resolves with what the life ends with, or undefined if
   * the machine ends before.
   */
  run(life) {
    disk = this
    const ended = new Promise(resolve => {
      this.end = resolve
    })
    return Promise.race([life(), ended])
  }

  /** Returns the disk that the next machine finds if only the process was killed. */
  afterKill() {
    const next = new Disk()
    next.names = new Map(this.names)
    next.durableNames = new Map(this.durableNames)
    next.changes = [...this.changes]
    return next
  }

  /**
   * Returns the disk that the next machine finds after a power cut. `random` (below 1) chooses
   * which pending writes survive.
   */
  afterPowerCut(random) {
    const next = new Disk()
    const names = new Map(this.durableNames)
    for (const change of this.changes) if (random() < 0.5) change(names)
    for (const [name, file] of names) next.names.set(name, file.afterPowerCut(random))
    next.durableNames = new Map(next.names)
    return next
  }

  change(change) {
    change(this.names)
    this.changes.push(change)
  }

  /** Does it, unless the machine ends here. `half` is what a write has done by then. */
  async step(name, action, half = () => {}) {
    this.steps.push(name)
    if (this.steps.length >= this.endsAt) {
      if (this.steps.length === this.endsAt) half()
      this.end()
      return new Promise(() => {})
    }
    if (this.steps.length === this.failsAt) {
      half()
      throw failure('ENOSPC')
    }
    return action()
  }
}

class File {
  bytes = Buffer.alloc(0)
  durable = Buffer.alloc(0)

  put(bytes, at) {
    const longer = Buffer.alloc(Math.max(this.bytes.length, at + bytes.length))
    this.bytes.copy(longer)
    bytes.copy(longer, at)
    this.bytes = longer
  }

  sync() {
    this.durable = Buffer.from(this.bytes)
  }

  afterPowerCut(random) {
    const [short, long] = [this.durable.length, this.bytes.length].sort((a, b) => a - b)
    const next = new File()
    next.bytes = Buffer.alloc(short + Math.floor(random() * (long - short + 1)))
    for (let at = 0; at < next.bytes.length; at += BLOCK_BYTES) {
      const source = random() < 0.5 ? this.bytes : this.durable
      source.subarray(at, at + BLOCK_BYTES).copy(next.bytes, at)
    }
    next.sync()
    return next
  }
}

/** A file or folder, as `open` returns it. */
class Handle {
  constructor(on, file) {
    this.on = on
    this.file = file
  }

  stat = () => this.on.step('stat', () => ({ size: this.file.bytes.length }))

  read = (buffer, offset, length, position) =>
    this.on.step('read', () => ({
      bytesRead: this.file.bytes.copy(buffer, offset, position, position + length),
    }))

  write(buffer, offset, length, position) {
    const put = count => this.file.put(Buffer.from(buffer.subarray(offset, offset + count)), position)
    const all = () => {
      put(length)
      return { bytesWritten: length }
    }
    return this.on.step('write', all, () => put(length >> 1))
  }

  truncate = length =>
    this.on.step('truncate', () => {
      this.file.bytes = this.file.bytes.subarray(0, length)
    })

  datasync = () => this.on.step('datasync', () => this.file.sync())

  sync = () =>
    this.on.step('sync', () => {
      if (this.file) return this.file.sync()
      this.on.durableNames = new Map(this.on.names)
      this.on.changes = []
    })

  close = () => this.on.step('close', () => {})
}

/** The folder is there. */
export const mkdir = () =>
  disk.step('mkdir', () => {
    throw failure('EEXIST')
  })
export const stat = () => disk.step('stat', () => ({ isDirectory: () => true }))
export const readdir = () => disk.step('readdir', () => [...disk.names.keys()].map(path => path.split('/').at(-1)))

export const open = (path, flags) =>
  disk.step(`open ${path}`, () => {
    if (!path.includes('.')) return new Handle(disk)
    if (flags === 'w+') {
      const file = new File()
      disk.change(names => names.set(path, file))
    }
    return new Handle(disk, existing(path))
  })

export const rename = (from, to) =>
  disk.step(`rename ${to}`, () => {
    const file = existing(from)
    disk.change(names => {
      names.delete(from)
      names.set(to, file)
    })
  })

export const unlink = path =>
  disk.step(`unlink ${path}`, () => {
    existing(path)
    disk.change(names => names.delete(path))
  })

function existing(path) {
  const file = disk.names.get(path)
  if (!file) throw failure('ENOENT')
  return file
}

const failure = code => Object.assign(new Error(code), { code })
