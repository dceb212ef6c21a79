import type { CoreAsker } from '../wasm/interface.js'
import type { AuthorizeRequest, EnhancedStep, HookError, Hooks } from './hooks.js'
import { Users } from './password-hash.js'

const SUCCESS = 0x00
const CONTINUE = 0x18
const UNSPECIFIED = 0x80
const NOT_AUTHORIZED = 0x87
const REASON_MAX = 0xa2

type Answer = readonly [reasonCode: number, data?: Uint8Array | undefined]

/** Callbacks of a hook runner. None throws, but for `bytes`. */
export interface HookRunnerCallbacks {
  answer(question: number, ...answer: Answer): void
  /** Reports a failed hook. */
  failed(hook: HookError['hook'], message: string, cause: unknown): void
  /** Returns the bytes of a hook's `data`. Throws if it is neither text nor bytes. */
  bytes(data: unknown): Uint8Array
}

/** Runner of hooks: the module asks it, and it answers with the hooks' verdicts. */
export class HookRunner implements CoreAsker {
  readonly #hooks: Hooks
  readonly #users: Users | undefined
  readonly #callbacks: HookRunnerCallbacks
  /**
   * States of enhanced authentication, by the peer's number. The next peer with that number takes
   * the place.
   */
  readonly #states = new Map<number, Record<string, unknown>>()

  constructor(hooks: Hooks, callbacks: HookRunnerCallbacks) {
    this.#hooks = hooks
    this.#users = hooks.users && new Users(hooks.users)
    this.#callbacks = callbacks
  }

  authenticate(
    question: number,
    clientId: string,
    username: string | undefined,
    password: Uint8Array | undefined,
    version: number,
  ): void {
    const request = { clientId, username, password, version: version as 4 | 5 }
    const users = this.#users
    const { authenticate } = this.#hooks
    // Without a hook the answer is yes. A hook that returns nothing has not said yes.
    const ask = () => (authenticate ? authenticate(request) : true)
    this.#settle(question, 'authenticate', answerOf, () => {
      if (!users) return ask()
      const known = users.check(username, password)
      if (typeof known === 'object') return known.then(verdict => (verdict === true ? ask() : verdict))
      return known === true ? ask() : known
    })
  }

  enhanced(
    question: number,
    clientId: string,
    username: string | undefined,
    password: Uint8Array | undefined,
    method: string,
    data: Uint8Array | undefined,
    again: boolean,
    first: boolean,
    peer: number,
  ): void {
    const state = (first ? undefined : this.#states.get(peer)) ?? {}
    this.#states.set(peer, state)
    const request = { clientId, username, password, version: 5, method, data, again, state } as const
    const answer = (verdict: unknown) => {
      const answer = this.#enhancedAnswerOf(verdict)
      if (answer?.[0] !== CONTINUE && this.#states.get(peer) === state) this.#states.delete(peer)
      return answer
    }
    this.#settle(question, 'authenticateEnhanced', answer, () => this.#hooks.authenticateEnhanced?.(request))
  }

  authorize(
    question: number,
    clientId: string,
    username: string | undefined,
    action: string,
    topic: string,
    qos: number,
    retain: boolean,
  ): void {
    const request = { clientId, username, action, topic, qos, retain } as AuthorizeRequest
    this.#settle(question, 'authorize', answerOf, () => this.#hooks.authorize?.(request))
  }

  /** Runs a hook, and answers with its verdict, now or later. */
  #settle(
    question: number,
    hook: HookError['hook'],
    answerOf: (verdict: unknown) => Answer | undefined,
    run: () => unknown,
  ): void {
    const fail = (problem: string, cause?: unknown) => {
      this.#callbacks.answer(question, UNSPECIFIED)
      this.#callbacks.failed(hook, `the hook ${hook} ${problem}`, cause)
    }
    const threw = (cause: unknown) => fail(`threw: ${cause}`, cause)
    const give = (verdict: unknown) => {
      let answer: Answer | undefined
      try {
        answer = answerOf(verdict)
      } catch (error) {
        return threw(error)
      }
      if (answer) this.#callbacks.answer(question, ...answer)
      else
        fail(`returned ${typeof verdict === 'number' || verdict === null ? verdict : typeof verdict}; ${right[hook]}`)
    }
    let given: unknown
    let later: Promise<unknown> | undefined
    try {
      given = run()
      // A thenable may throw when it is looked at.
      if (isThenable(given)) later = Promise.resolve(given)
    } catch (error) {
      threw(error)
      return
    }
    if (later) later.then(give, threw)
    else give(given)
  }

  #enhancedAnswerOf(verdict: unknown): Answer | undefined {
    if (typeof verdict !== 'object' || verdict === null) return answerOf(verdict)
    const { complete, data } = verdict as Partial<EnhancedStep>
    if (typeof complete !== 'boolean') return undefined
    return [complete ? SUCCESS : CONTINUE, data === undefined ? undefined : this.#callbacks.bytes(data)]
  }
}

const VERDICT = 'it must return true, false, or a reason code from 0x80 to 0xA2, or a promise of one'
const right = {
  authenticate: VERDICT,
  authenticateEnhanced: `${VERDICT}, or { complete: boolean, data }`,
  authorize: VERDICT,
} as const

function answerOf(verdict: unknown): Answer | undefined {
  if (typeof verdict === 'boolean') return [verdict ? SUCCESS : NOT_AUTHORIZED]
  const isReason = Number.isInteger(verdict) && (verdict as number) >= UNSPECIFIED && (verdict as number) <= REASON_MAX
  return isReason ? [verdict as number] : undefined
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
