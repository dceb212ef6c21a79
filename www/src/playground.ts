// The playground: reads the address, keeps the world, and draws the page that both ask for.
import { html, nothing, render, type TemplateResult } from 'lit'
import { define } from 'wasmqtt/elements'
import type * as Simulator from 'wasmqtt/simulator'
import { inNextFrame } from './model/frame.ts'
import { clientOf, type FormName, itemsOf } from './model/playground/actions.ts'
import type * as Comparisons from './model/playground/comparison.ts'
import { type Member, rosterOf, type Standing } from './model/playground/roster.ts'
import { addressOf, type Route, readRoute } from './model/playground/route.ts'
import type { Beginning, Scenario } from './model/playground/scenario.ts'
import { first, scenarioOf } from './model/playground/scenarios.ts'
import { themeButton } from './model/theme.ts'
import { Facts } from './model/tutorial/facts.ts'
import { perform } from './model/tutorial/script.ts'
import type * as Stages from './model/tutorial/stage.ts'
import { say } from './pages/markup.ts'
import type { App, Comparison } from './playground/app.ts'
import { clients } from './playground/clients.ts'
import { comparison } from './playground/comparison.ts'
import { form, number } from './playground/fields.ts'
import { network } from './playground/network.ts'
import { story } from './playground/scenario.ts'
import { share } from './playground/share.ts'
import { details, more, world } from './playground/world.ts'
import { english } from './texts/en/playground.ts'

const main = document.getElementById('main') as HTMLElement

/** States of a client that does nothing any more by itself. */
const over: ReadonlySet<Standing> = new Set(['idle', 'ended', 'closed'])

/** The modules that a world needs. */
interface Modules {
  readonly simulator: typeof Simulator
  readonly stages: typeof Stages
  readonly comparisons: typeof Comparisons
}

class Playground implements App {
  readonly texts = english
  route: Route = readRoute(location.hash)
  stage: Stages.Stage | undefined
  failure: string | undefined
  refusal: string | undefined
  notice: string | undefined
  snapshot: Simulator.Snapshot | undefined
  roster: readonly Member[] = []
  typed: Uint8Array | undefined
  isHeld = false
  isNetwork = false
  comparison: Comparison | undefined
  #modules: Modules | undefined
  #chosen: string | undefined
  #removed = new Set<string>()
  /** Run that the comparison is of. */
  #compared: string | undefined
  #isComparing = false
  readonly #redraw = inNextFrame(() => this.#draw())

  async begin(): Promise<void> {
    addEventListener('hashchange', () => this.#follow())
    main.ariaBusy = 'true'
    this.#draw()
    try {
      const [simulator, stages, comparisons] = await Promise.all([
        import('wasmqtt/simulator'),
        import('./model/tutorial/stage.ts'),
        import('./model/playground/comparison.ts'),
      ])
      await simulator.load()
      this.#modules = { simulator, stages, comparisons }
      this.#setUp()
    } catch (error) {
      this.failure = problemOf(error)
    }
    main.ariaBusy = 'false'
    this.#draw()
  }

  get scenario(): Scenario {
    return scenarioOf(this.route.scenario) ?? first
  }

  get simulator(): typeof Simulator | undefined {
    return this.#modules?.simulator
  }

  get member(): Member | undefined {
    return this.roster.find(({ name }) => name === this.#chosen) ?? this.roster[0]
  }

  facts(): Facts | undefined {
    return this.stage && new Facts(this.stage.trace)
  }

  choose(client: string): void {
    this.#chosen = client
    this.#redraw()
  }

  submit(form: FormName, data: FormData): void {
    const { member } = this
    // A client that is removed has its name still, and is seen again if that is asked for.
    const name = String(data.get('name'))
    if (this.#removed.delete(name)) this.#chosen = name
    this.#act(() => {
      const items = itemsOf(form, data, member?.name ?? '')
      this.stage?.act(items, this.isHeld)
      const added = clientOf(items)
      if (added !== undefined) this.#chosen = added
    })
  }

  remove(client: string): void {
    this.#act(() => {
      const standing = this.member?.standing ?? 'ended'
      if (!over.has(standing)) this.stage?.act([{ type: 'kill', client }], this.isHeld)
      this.#removed.add(client)
      this.notice = this.say('removed', { client })
    })
  }

  pick(index: number): void {
    this.#act(() => this.stage?.choose(index))
  }

  takeOver(isNetwork: boolean): void {
    this.isNetwork = isNetwork
    this.isHeld = isNetwork
    if (isNetwork) this.stage?.pause()
    else this.stage?.play()
    this.#redraw()
  }

  play(): void {
    this.isNetwork = false
    this.isHeld = false
    this.stage?.play()
    this.#redraw()
  }

  hold(does: () => void): void {
    this.isHeld = true
    does()
  }

  compare(isOpen: boolean): void {
    this.#isComparing = isOpen
    this.#redraw()
  }

  select(index: number | undefined): void {
    const { stage } = this
    const entry = index === undefined ? undefined : stage?.trace.entries[index]
    // What is not there yet at the moment that is looked at is gone to.
    if (stage && entry && entry.at > stage.now) stage.look(entry.at)
    this.typed = undefined
    this.#note({ entry: index })
    this.#redraw()
    // The picture has packets; another entry is found in the table.
    const events = main.querySelector<HTMLDetailsElement>('details.events')
    if (events && entry && entry.type !== 'packet') events.open = true
  }

  go(route: Route): void {
    location.hash = addressOf(route)
  }

  startAgain(): void {
    this.#note({ entry: undefined, at: undefined, run: undefined })
    this.#setUp()
    this.#redraw()
  }

  remake(data: FormData): void {
    if (!this.#modules) return
    const { world, script } = this.#beginning
    const read = (name: string) => Number(data.get(name))
    const queue = { ...world.broker?.queue, messages: read('queue') }
    try {
      const made = new this.#modules.simulator.World({
        ...world,
        latency: read('latency'),
        jitter: read('jitter'),
        seed: read('seed'),
        store: data.get('store') !== null,
        broker: { ...world.broker, queue },
      })
      perform(made, script)
      this.#note({ entry: undefined, at: undefined, run: made.toLink() })
      made.free()
      this.#setUp()
      this.tell(this.say('remade'))
    } catch (error) {
      this.refusal = problemOf(error)
      this.#redraw()
    }
  }

  type(bytes: Uint8Array): void {
    this.typed = bytes
    const input = main.querySelector<HTMLInputElement>('form[data-form="send"] input')
    if (input) input.value = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(' ')
    this.tell(this.say('taken', { client: this.member?.name ?? '' }))
  }

  tell(notice: string): void {
    this.refusal = undefined
    this.notice = notice
    this.#redraw()
  }

  say(name: string, values?: Readonly<Record<string, string | number>>): string {
    return say(this.texts, name, values)
  }

  get #beginning(): Beginning {
    const { scenario, route } = this
    return (route.isMended && scenario.bug?.mended) || scenario
  }

  /** Does something in the world, and keeps the run in the address. */
  #act(does: () => void): void {
    const { stage } = this
    if (!stage) return
    this.refusal = undefined
    this.notice = undefined
    try {
      does()
      this.#note({ entry: undefined, at: undefined, run: stage.link })
    } catch (error) {
      this.refusal = problemOf(error)
    }
    this.#redraw()
  }

  #note(part: Partial<Route>): void {
    this.route = { ...this.route, ...part }
    history.replaceState(null, '', addressOf(this.route))
  }

  /** Another address: another scenario, or the same with another moment. */
  #follow(): void {
    const before = this.route
    this.route = readRoute(location.hash)
    const { scenario, isMended, run } = this.route
    if (before.scenario === scenario && before.isMended === isMended && before.run === run) {
      if (before.at !== this.route.at) this.stage?.look(this.route.at ?? Number.POSITIVE_INFINITY)
      this.#redraw()
      return
    }
    this.#setUp()
    this.#draw()
    main.querySelector<HTMLElement>('#story-title')?.focus({ preventScroll: true })
    scrollTo(0, 0)
  }

  /** Makes the world of the address. */
  #setUp(): void {
    this.stage?.free()
    this.stage = undefined
    this.isHeld = false
    this.isNetwork = false
    this.refusal = undefined
    this.notice = undefined
    this.#chosen = undefined
    this.#removed = new Set()
    if (!this.#modules) return
    const { Stage } = this.#modules.stages
    const { route } = this
    const { world, script } = this.#beginning
    if (!scenarioOf(route.scenario)) this.notice = this.say('unknownScenario', { id: route.scenario })
    const begin = (run?: string) => new Stage(world, script, true, () => this.#moved(), run)
    try {
      this.stage = begin(route.run)
    } catch (error) {
      this.notice = this.say('brokenLink', { problem: problemOf(error) })
      this.stage = begin()
    }
    if (route.at !== undefined) this.stage.look(route.at)
  }

  /** The time or the trace of the world has moved. */
  #moved(): void {
    const { stage, route } = this
    if (stage && !stage.isPlaying) {
      const run = route.run === undefined ? undefined : stage.link
      if (stage.seen !== route.at || run !== route.run) this.#note({ at: stage.seen, run })
    }
    this.#redraw()
  }

  #draw(): void {
    this.#refresh()
    const title = this.texts.scenarios[this.scenario.id]?.title
    document.title = `${title} – ${this.say('title')}`
    const active = document.activeElement
    const place = active?.closest('form, fieldset, .group, section')
    render(this.#page(), main)
    // The focus goes on beside a control that is no longer there.
    if (active instanceof HTMLElement && active !== document.body && !active.isConnected) {
      const near = place?.isConnected ? place : main.querySelector('.clients')
      near?.querySelector<HTMLElement>('button, input, select, [tabindex]')?.focus()
    }
  }

  /** Reads the world at the moment that is drawn. */
  #refresh(): void {
    const { stage } = this
    if (!stage) {
      this.roster = []
      return
    }
    this.snapshot = stage.snapshot()
    const all = rosterOf(stage.trace, stage.now, this.snapshot)
    this.roster = all.filter(({ name }) => !this.#removed.has(name))
    if (!this.#isComparing || stage.isPlaying || !this.#modules) return
    const { hash } = stage.world.position
    if (this.#compared === hash) return
    this.#compared = hash
    try {
      const { comparisons, simulator } = this.#modules
      this.comparison = { type: 'done', variants: comparisons.compare(stage.world, simulator.explain) }
    } catch (error) {
      this.comparison = { type: 'failed', problem: problemOf(error) }
    }
  }

  #page(): TemplateResult {
    return html`
      <h1>${this.say('title')}</h1>
      <p class="lead">${this.say('lead')}</p>
      <div class="desk">
        ${story(this)}
        <div class="stage">
          ${world(this)} ${this.#status()}
          ${
            this.stage
              ? html`<div class="pace">
                  ${network(this)}
                  ${form(this, 'wait', this.say('wait'), number(this.say('seconds'), 'seconds', 10))}
                </div>`
              : nothing
          }
        </div>
        ${this.stage ? clients(this) : nothing}
      </div>
      ${details(this)} ${this.stage ? html`${comparison(this)} ${share(this)}` : nothing} ${more(this)}
    `
  }

  #status(): TemplateResult {
    const { stage, refusal, notice, failure } = this
    const text = (): string => {
      if (!stage) return failure === undefined ? this.say('loading') : this.say('failed', { problem: failure })
      if (refusal !== undefined) return this.say('refused', { problem: refusal })
      if (notice !== undefined) return notice
      if (stage.seen !== undefined && !stage.isPlaying) return this.say('past')
      return this.say(this.isNetwork ? 'isNetwork' : this.isHeld ? 'still' : 'ready')
    }
    return html`<p class=${`status ${refusal || failure ? 'wrong' : ''}`} role="status">${text()}</p>`
  }
}

const problemOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')

define()
themeButton()
main.replaceChildren()
document.querySelector('.skip')?.addEventListener('click', event => {
  event.preventDefault()
  main.focus()
})
void new Playground().begin()
