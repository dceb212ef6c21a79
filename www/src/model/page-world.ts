// The world of the first page: a sensor and a dashboard, over links that are slow enough to watch.
import type { QoS } from 'wasmqtt/elements'
import { cut, kitchen, lasting, subscribe } from './tutorial/home.ts'
import { Stage } from './tutorial/stage.ts'

/** Latency while the world begins, and from then on, in milliseconds. */
const QUICK = 20
const SLOW = 1500

const slow = (client: string) => ({ type: 'latency', client, milliseconds: SLOW }) as const

/** Speed at which a packet's way takes a little longer than a hand needs. */
const SPEED = 0.75

/** A client that is back soon after a cut. Its delay is random up to this bound. */
const prompt = { ...lasting, reconnect: { min: 100, max: 100 } }

export class PageWorld {
  readonly stage: Stage
  /** True if the user has stopped the clock, which then waits for steps. */
  isHeld = false
  #count = 0

  /** @param changed called whenever the time or the trace has moved */
  constructor(changed: () => void) {
    const world = { latency: QUICK, clients: { sensor: prompt, dashboard: prompt } }
    const settle = { type: 'settle' } as const
    const start = [settle, subscribe('home/#', 2), settle, slow('sensor'), slow('dashboard')]
    this.stage = new Stage(world, start, true, changed)
    this.stage.speed = SPEED
  }

  /** True if the sensor is connected, over a link that is whole. */
  get isConnected(): boolean {
    const { clients, links } = this.stage.world.snapshot()
    const sensor = clients.find(({ clientId }) => clientId === 'sensor')
    const link = links.find(({ link }) => link === sensor?.link)
    return sensor?.connection === 'connected' && link?.isBroken === false
  }

  publish(qos: QoS): void {
    this.#count += 1
    const payload = (20 + this.#count / 2).toFixed(1)
    this.stage.act([{ type: 'publish', client: 'sensor', topic: kitchen, payload, qos }], this.isHeld)
  }

  /** Cuts the sensor's link. */
  cut(): void {
    if (this.isConnected) this.stage.act([cut('sensor')], this.isHeld)
  }

  play(): void {
    this.isHeld = false
    this.stage.play()
  }

  pause(): void {
    this.isHeld = true
    this.stage.pause()
  }

  step(unit: string): void {
    this.isHeld = true
    this.stage.step(unit)
  }

  /** Looks at a moment. */
  look(time: number): void {
    this.isHeld = true
    this.stage.look(time)
  }

  end(): void {
    this.stage.free()
  }
}
