// The first page's challenge at the pace of its world, natively: how long it takes a visitor.
import { expect, test } from '@playwright/test'
import { load } from 'wasmqtt/simulator'
import { judge } from '../src/model/challenge.ts'
import { PageWorld } from '../src/model/page-world.ts'

/** Milliseconds between two frames of a page. */
const FRAME_MS = 17

/** The frames of a page, which come when they are asked for. */
class Frames {
  now = 0
  #callback: FrameRequestCallback | undefined

  constructor(isCalm: boolean) {
    Object.assign(globalThis, {
      matchMedia: () => ({ matches: isCalm }),
      requestAnimationFrame: (callback: FrameRequestCallback) => {
        this.#callback = callback
        return 1
      },
      cancelAnimationFrame: () => {
        this.#callback = undefined
      },
    })
  }

  /** Lets frames come until something is so, for a minute of the page at most. */
  until(isSo: () => boolean): void {
    const start = this.now
    while (!isSo()) {
      expect(this.now - start, 'milliseconds of the page').toBeLessThan(60_000)
      this.now += FRAME_MS
      const callback = this.#callback
      this.#callback = undefined
      callback?.(this.now)
    }
  }
}

test.beforeAll(() => load())

for (const isCalm of [false, true]) {
  test(`the challenge is solved in thirty seconds of the page, ${isCalm ? 'with little motion' : 'in motion'}`, () => {
    const frames = new Frames(isCalm)
    const world = new PageWorld(() => {})
    const stage = () => judge(world.stage.trace).stage
    world.play()
    world.publish(1)
    frames.until(() => stage() === 'acknowledging')
    // A hand that has read the line above it is in time.
    const read = frames.now
    frames.until(() => frames.now - read >= 1_000)
    expect(stage()).toBe('acknowledging')
    world.cut()
    frames.until(() => stage() === 'solved')
    world.end()
    // Ten seconds of thirty are left for reading what to do.
    expect(frames.now).toBeLessThanOrEqual(20_000)
  })
}
