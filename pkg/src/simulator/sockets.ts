import { PageSocket, type PageTransport } from '../transport/in-page-websocket.js'
import type { TransportListener } from '../transport/transport.js'
import { nextTask } from '../util/next-task.js'
import type { WorldCore } from '../wasm/interface.js'
import { call } from './module.js'

/** A class of WebSockets that lead to a world's broker, as the global `WebSocket` is one. */
export type WorldWebSocket = new (url: string | URL, protocols?: string | Iterable<string>) => PageSocket

/** An event of a link, as the module tells it. */
type SocketEvent =
  | { readonly type: 'opened'; readonly link: number }
  | { readonly type: 'bytes'; readonly link: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'closed'; readonly link: number; readonly isClean: boolean }

/** Tasks without an action after which the clients have done what they do at once. */
const QUIET_TASKS = 3

/**
 * Sockets of foreign clients, each with a link of the world.
 *
 * Their events wait until the world advances. A client's calls are actions, at the time of the
 * world. @internal
 */
export class WorldSockets {
  #core: WorldCore
  /** Called before an action, for the world to come to the host's time. */
  readonly #onAct: () => void
  readonly #transports = new Map<number, PageTransport>()
  #tasks: (() => void)[] = []
  #acts = 0

  constructor(core: WorldCore, onAct: () => void) {
    this.#core = core
    this.#onAct = onAct
  }

  /** Returns the class of the sockets of one client. */
  classOf(client: string): WorldWebSocket {
    const connect = (transport: PageTransport) => this.#open(client, transport)
    const schedule = (task: () => void) => this.#tasks.push(task)
    return class WebSocket extends PageSocket {
      constructor(url: string | URL, protocols: string | Iterable<string> = []) {
        const list = typeof protocols === 'string' ? [protocols] : protocols
        super(`${url}`, Array.from(list, String), connect, schedule)
      }
    }
  }

  /** Takes the events of the world. Each socket tells them in tasks, in order. */
  take(): void {
    for (const event of this.#core.socketEvents() as SocketEvent[]) {
      const transport = this.#transports.get(event.link)
      if (!transport) continue
      if (event.type === 'opened') transport.open()
      else if (event.type === 'bytes') transport.send(event.bytes)
      else {
        this.#transports.delete(event.link)
        if (event.isClean) transport.close(false)
        else transport.lose()
      }
    }
  }

  /** Runs all tasks at once, for a host that has its own clock. */
  runTasks(): void {
    this.take()
    for (let task = this.#tasks.shift(); task; task = this.#tasks.shift()) task()
  }

  /** Runs each task in one of the host's, until the clients have done what they do at once. */
  async settle(): Promise<void> {
    let quiet = 0
    while (quiet < QUIET_TASKS) {
      const acts = this.#acts
      this.take()
      const task = this.#tasks.shift()
      task?.()
      await new Promise<void>(nextTask)
      quiet = task || this.#acts > acts ? 0 : quiet + 1
    }
  }

  /** The world has gone to another moment: all connections are lost, and their clients told. */
  drop(core: WorldCore): void {
    this.#core = core
    core.skipSocketEvents()
    for (const transport of this.#transports.values()) transport.lose()
    this.#transports.clear()
  }

  #open(client: string, transport: PageTransport): void {
    this.#onAct()
    const link = call(() => this.#core.openSocket(client))
    this.#acts += 1
    this.#transports.set(link, transport)
    transport.attach(this.#listener(client, link, transport))
  }

  #listener(client: string, link: number, transport: PageTransport): TransportListener {
    const isCurrent = () => this.#transports.get(link) === transport
    const act = (run: () => void) => {
      if (!isCurrent()) return
      // The link may be gone, and its client not told yet. A full trace stops the world itself.
      try {
        this.#onAct()
        run()
      } catch {
        return
      }
      this.#acts += 1
    }
    const close = () => {
      act(() => this.#core.closeSocket(client, link))
      this.#transports.delete(link)
    }
    return {
      receive: bytes => act(() => this.#core.sendBytes(client, link, bytes)),
      // MQTT has no text frames [MQTT-6.0.0-1].
      text: () => {
        close()
        transport.close(true)
      },
      writable: () => {},
      gone: close,
    }
  }
}
