// A connection to a broker somewhere, and what is done over it.
import { Client, type ClientOptions, type Credentials, type QoS, type Subscription } from 'wasmqtt/broker'
import { Mailbox } from './mailbox.ts'
import type { Publication } from './message.ts'
import { LastOutcome } from './outcome.ts'
import { type Problem, problemOf } from './problem.ts'
import { type Readable, Signal } from './signal.ts'

/** The fields of the connection form; an empty string is a field left empty. */
export interface ConnectRequest {
  readonly url: string
  readonly version: 4 | 5
  readonly clientId: string
  readonly username: string
  readonly password: string
}

/** A filter that the broker has granted, and at which QoS. */
export interface GrantedFilter {
  readonly filter: string
  readonly qos: QoS
}

export type ConnectionState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'connecting'; readonly url: string }
  | { readonly phase: 'connected'; readonly url: string; readonly clientId: string; readonly version: 4 | 5 }
  | { readonly phase: 'closed'; readonly url: string; readonly problem?: Problem }

const messagesMax = 200

/** One client at a time, to the broker that the user names. */
export class Connection {
  readonly #state = new Signal<ConnectionState>({ phase: 'idle' })
  readonly #granted = new Signal<readonly GrantedFilter[]>([])
  readonly #mailbox = new Mailbox(messagesMax)
  readonly #subscriptions = new Map<string, Subscription>()
  readonly publishing = new LastOutcome()
  readonly subscribing = new LastOutcome()
  #client: Client | undefined

  get state(): Readable<ConnectionState> {
    return this.#state
  }

  get granted(): Readable<readonly GrantedFilter[]> {
    return this.#granted
  }

  get mail(): Mailbox['mail'] {
    return this.#mailbox.mail
  }

  connect(request: ConnectRequest): void {
    this.disconnect()
    this.publishing.clear()
    this.subscribing.clear()
    const { url, version } = request
    let client: Client
    try {
      client = new Client(url, optionsOf(request))
    } catch (error) {
      this.#state.value = { phase: 'closed', url, problem: problemOf(error, 'Could not connect') }
      return
    }
    this.#client = client
    const follow = () => {
      // A client that was replaced has nothing more to say.
      if (this.#client === client) this.#follow(client, url, version)
    }
    client.addEventListener('status', follow)
    follow()
  }

  disconnect(): void {
    const client = this.#client
    client?.end().catch(() => {})
  }

  publish({ topic, payload, qos, retain }: Publication): Promise<boolean> {
    const done = ['Sent. QoS 0 has no acknowledgement.', 'Acknowledged (PUBACK).', 'Delivered once (PUBCOMP).']
    const words = { waiting: 'Publishing…', done: done[qos] ?? 'Published.', failed: 'Not published' }
    return this.publishing.follow(words, async () => this.#connected().publish(topic, payload, { qos, retain }))
  }

  subscribe(filter: string, qos: QoS): Promise<boolean> {
    const words = { waiting: 'Subscribing…', done: `Subscribed to ${filter}.`, failed: 'Not subscribed' }
    return this.subscribing.follow(words, async () => {
      const client = this.#connected()
      await this.#subscriptions.get(filter)?.unsubscribe()
      this.#forget(filter)
      const subscription = await client.subscribe(filter, { qos }, this.#mailbox.add)
      if (this.#client !== client) return
      this.#subscriptions.set(filter, subscription)
      this.#granted.value = [...this.#granted.value, { filter, qos: subscription.qos }]
    })
  }

  unsubscribe(filter: string): Promise<boolean> {
    const words = { waiting: 'Unsubscribing…', done: `Unsubscribed from ${filter}.`, failed: 'Not unsubscribed' }
    return this.subscribing.follow(words, async () => {
      await this.#subscriptions.get(filter)?.unsubscribe()
      this.#forget(filter)
    })
  }

  clearMessages(): void {
    this.#mailbox.clear()
  }

  #connected(): Client {
    if (!this.#client) throw new Error('There is no connection. Connect to a broker first.')
    return this.#client
  }

  #follow(client: Client, url: string, version: 4 | 5): void {
    const { status } = client
    switch (status.phase) {
      case 'connecting':
        this.#state.value = { phase: 'connecting', url }
        return
      case 'connected':
        this.#state.value = { phase: 'connected', url, clientId: client.clientId, version }
        return
      case 'closed': {
        this.#client = undefined
        this.#subscriptions.clear()
        this.#granted.value = []
        this.publishing.forgetDone()
        this.subscribing.forgetDone()
        const { error } = status
        const problem = error === undefined ? {} : { problem: problemOf(error, 'The connection ended') }
        this.#state.value = { phase: 'closed', url, ...problem }
      }
    }
  }

  #forget(filter: string): void {
    this.#subscriptions.delete(filter)
    this.#granted.value = this.#granted.value.filter(granted => granted.filter !== filter)
  }
}

function optionsOf({ version, clientId, username, password }: ConnectRequest): ClientOptions {
  const credentials: Credentials = {
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
  }
  return {
    version,
    connectTimeout: 10_000,
    // The visitor says when to connect, and reads why a connection ended.
    reconnect: false,
    ...(clientId === '' ? {} : { clientId }),
    ...(Object.keys(credentials).length === 0 ? {} : { credentials }),
  }
}
