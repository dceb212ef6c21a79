// The two clients and the broker that live in the page: a sensor that publishes, a dashboard that
// listens.
import { Broker, Client, type ClientOptions, explain, type QoS, type Subscription } from 'wasmqtt/broker'
import { Mailbox } from './mailbox.ts'
import type { Publication } from './message.ts'
import { LastOutcome, type Words } from './outcome.ts'
import { type Readable, Signal } from './signal.ts'
import { type ClientName, Trace } from './trace.ts'

/** True if a client of the page is there. */
export type Presence = 'connecting' | 'connected' | 'away'

/** The dashboard's subscription. */
export interface Listening {
  readonly filter: string
  readonly qos: QoS
}

export interface HouseholdState {
  readonly sensor: Presence
  readonly dashboard: Presence
  /** The granted quality of service; undefined while there is no subscription. */
  readonly listening?: Listening
}

/** The message that the broker publishes for the sensor when it dies. */
export const will = { topic: 'home/sensor/status', payload: 'the sensor is gone', qos: 1 } as const

const messagesMax = 50

export class Household {
  readonly #broker = new Broker()
  readonly #trace = new Trace()
  readonly #state = new Signal<HouseholdState>({ sensor: 'away', dashboard: 'away' })
  readonly #mailbox = new Mailbox(messagesMax)
  /** The outcome of the sensor's last action, and of the dashboard's last subscription. */
  readonly doing = new LastOutcome()
  readonly subscribing = new LastOutcome()
  #sensor: Client | undefined
  #dashboard: Client | undefined
  #subscription: Subscription | undefined
  /** Each thing done waits for the one before, so that a run holds what belongs to it. */
  #queue: Promise<unknown> = Promise.resolve()

  constructor() {
    this.#broker.addEventListener('event', ({ detail }) => {
      if (detail.type === 'will' && detail.fate === 'fired') this.#trace.mark('broker', 'publishes the will')
    })
  }

  get state(): Readable<HouseholdState> {
    return this.#state
  }

  get runs(): Trace['runs'] {
    return this.#trace.runs
  }

  get mail(): Mailbox['mail'] {
    return this.#mailbox.mail
  }

  /** Connects both clients and subscribes the dashboard. */
  start({ filter, qos }: Listening): Promise<boolean> {
    const words = { waiting: 'Connecting…', done: 'Both clients are connected.', failed: 'The clients did not connect' }
    return this.#do(this.doing, 'Both clients connect', words, async () => {
      this.#dashboard = await this.#client('dashboard', {})
      await this.#listen(filter, qos)
      this.#sensor = await this.#client('sensor', { will })
    })
  }

  publish({ topic, payload, qos, retain }: Publication): Promise<boolean> {
    const words = { waiting: 'Publishing…', done: `Published with QoS ${qos}.`, failed: 'Not published' }
    return this.#do(this.doing, `Publish with QoS ${qos}`, words, async () => {
      await present(this.#sensor, 'sensor').publish(topic, payload, { qos, retain })
    })
  }

  listen({ filter, qos }: Listening): Promise<boolean> {
    const words = { waiting: 'Subscribing…', done: `The dashboard listens to ${filter}.`, failed: 'Not subscribed' }
    return this.#do(this.subscribing, `Subscribe to ${filter}`, words, () => this.#listen(filter, qos))
  }

  /** Cuts the sensor's connection without a word to the broker, which then publishes the will. */
  kill(): Promise<boolean> {
    const words = { waiting: 'Killing the sensor…', done: () => this.#fateOfWill(), failed: 'Not killed' }
    return this.#do(this.doing, 'Kill the sensor', words, async () => {
      const sensor = present(this.#sensor, 'sensor')
      this.#trace.mark('sensor', 'killed, no DISCONNECT', 'bad')
      sensor.kill()
    })
  }

  /** Connects a new sensor with the same client identifier and will. */
  revive(): Promise<boolean> {
    const words = { waiting: 'Connecting…', done: 'The sensor is back.', failed: 'The sensor did not come back' }
    return this.#do(this.doing, 'Bring the sensor back', words, async () => {
      this.#sensor = await this.#client('sensor', { will })
    })
  }

  clearMessages(): void {
    this.#mailbox.clear()
  }

  /** The receivers of the will: the dashboard, unless its filter does not match. */
  #fateOfWill(): string {
    const { listening } = this.#state.value
    const heard = listening !== undefined && explain(listening.filter, will.topic).matches
    if (heard) return 'The sensor is gone, and the broker publishes its will.'
    const why = listening ? `${listening.filter} does not match ${will.topic}` : 'it has no subscription'
    return `The sensor is gone, and the broker publishes its will. The dashboard does not get it: ${why}.`
  }

  #do(outcome: LastOutcome, title: string, words: Words, action: () => Promise<void>): Promise<boolean> {
    const done = this.#queue.then(() => {
      this.#trace.begin(title)
      return outcome.follow(words, action)
    })
    this.#queue = done
    return done
  }

  async #client(name: ClientName, options: ClientOptions): Promise<Client> {
    // No keep-alive: in the diagram stands what the user did, and nothing besides.
    const client = new Client(this.#broker, { clientId: name, keepAlive: 0, ...options })
    client.addEventListener('packet', ({ packet }) => this.#trace.packet(name, packet))
    client.addEventListener('status', () => this.#follow(name, client))
    this.#follow(name, client)
    return client.ready
  }

  #follow(name: ClientName, client: Client): void {
    const { phase } = client.status
    this.#state.value = { ...this.#state.value, [name]: phase === 'closed' ? 'away' : phase }
  }

  async #listen(filter: string, qos: QoS): Promise<void> {
    const dashboard = present(this.#dashboard, 'dashboard')
    const before = this.#subscription
    // Another filter is asked for before the old one is given up, since it may be refused.
    const same = before?.filter === filter
    if (same) {
      await before.unsubscribe()
      this.#subscription = undefined
      const { sensor, dashboard: present } = this.#state.value
      this.#state.value = { sensor, dashboard: present }
    }
    this.#subscription = await dashboard.subscribe(filter, { qos }, this.#mailbox.add)
    this.#state.value = { ...this.#state.value, listening: { filter, qos: this.#subscription.qos } }
    if (!same) await before?.unsubscribe()
  }
}

function present(client: Client | undefined, name: ClientName): Client {
  if (!client) throw new Error(`The ${name} is not connected.`)
  return client
}
