// The connection that is inspected: the form that opens it, and its status in words.
import { Client, type ClientOptions, type PacketRecord, type Status } from 'wasmqtt'
import { part } from '../model/part.ts'

/** The page, as the receiver of a connection. */
export interface Watcher {
  /** A connection begins, with this client identifier. */
  begin(client: string): void
  status(status: Status): void
  packet(packet: PacketRecord): void
}

type Field = 'url' | 'version' | 'client' | 'user' | 'password'

export class Connection {
  readonly #form = part<HTMLFormElement>('connect')
  readonly #button = part<HTMLButtonElement>('open')
  readonly #watcher: Watcher
  #client: Client | undefined

  constructor(watcher: Watcher) {
    this.#watcher = watcher
    this.#form.addEventListener('submit', event => {
      event.preventDefault()
      if (this.#client) void this.#end()
      else this.#begin()
    })
  }

  /** The client, while there is one. */
  get client(): Client | undefined {
    return this.#client
  }

  get url(): string {
    return this.#field('url').value
  }

  set url(url: string) {
    this.#field('url').value = url
  }

  #field(name: Field): HTMLInputElement {
    return this.#form.elements.namedItem(name) as HTMLInputElement
  }

  #begin(): void {
    const clientId = this.#field('client').value || `inspector-${crypto.randomUUID().slice(0, 8)}`
    let client: Client
    try {
      client = new Client(this.url, { clientId, ...this.#options() })
    } catch (error) {
      this.#say(messageOf(error), 'wrong')
      return
    }
    this.#client = client
    this.#watcher.begin(clientId)
    client.addEventListener('packet', ({ packet }) => this.#watcher.packet(packet))
    client.addEventListener('status', ({ status }) => this.#onStatus(client, status))
    this.#onStatus(client, client.status)
  }

  #options(): ClientOptions {
    const version = this.#field('version').value
    const [username, password] = [this.#field('user').value, this.#field('password').value]
    return {
      // An alias would stand in place of the topic that the page tells.
      assignedTopicAliases: 0,
      version: version === 'auto' ? 'auto' : version === '4' ? 4 : 5,
      ...(username || password
        ? { credentials: { ...(username ? { username } : {}), ...(password ? { password } : {}) } }
        : {}),
    }
  }

  async #end(): Promise<void> {
    const client = this.#client
    await client?.end()
  }

  #onStatus(client: Client, status: Status): void {
    if (this.#client !== client) return
    if (status.phase === 'closed') this.#client = undefined
    const isOpen = status.phase !== 'closed'
    this.#button.textContent = isOpen ? 'Disconnect' : 'Connect'
    // They count for the next connection.
    for (const name of ['url', 'version', 'client', 'user', 'password'] as const) this.#field(name).disabled = isOpen
    const { text, tone } = inWords(status, client)
    this.#say(text, tone)
    this.#watcher.status(status)
  }

  #say(text: string, tone = ''): void {
    const status = part('status')
    status.textContent = text
    status.className = `status whole ${tone}`
  }
}

function inWords(status: Status, client: Client): { text: string; tone?: 'good' | 'wrong' } {
  switch (status.phase) {
    case 'connecting':
      return { text: status.attempt > 1 ? `Connecting, attempt ${status.attempt}.` : 'Connecting.' }
    case 'connected': {
      const session = status.resumed ? 'with the session of before' : 'with a new session'
      return { text: `Connected by MQTT ${client.server?.version === 4 ? '3.1.1' : '5.0'}, ${session}.`, tone: 'good' }
    }
    case 'waiting': {
      const seconds = Math.max(1, Math.round((status.retryAt - Date.now()) / 1000))
      return { text: `${messageOf(status.error)} The next attempt is in ${seconds} s.`, tone: 'wrong' }
    }
    case 'closed':
      return status.error
        ? { text: messageOf(status.error), tone: 'wrong' }
        : { text: 'Disconnected. The password is not stored anywhere.' }
  }
}

/** Returns the message of an error as a sentence. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const sentence = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`
}
