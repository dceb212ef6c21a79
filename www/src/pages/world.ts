// The world beside an exercise: its clock, its packets, and what explains them.
import { html, nothing, type TemplateResult } from 'lit'
import type { PacketEntry, Trace } from 'wasmqtt/elements'
import { filtersOf, sessionOf, topicOf, willOf } from '../model/tutorial/panels.ts'
import type { Stage } from '../model/tutorial/stage.ts'
import { versionOf } from '../model/tutorial/version.ts'
import still from '../traces/flows.json'
import type { App, Shown } from './app.ts'
import { plain } from './markup.ts'

/** Moment of the recording that is shown until the module is there. */
const STILL_AT = 240

const recording = still as unknown as Trace

export function world(app: App, shown: Shown): TemplateResult {
  const { stage } = app
  const { step, entry } = shown.route
  const trace = stage ? (step === 'predict' ? start(stage) : past(stage)) : recording
  const now = stage ? stage.now : STILL_AT
  const packet = packetOf(trace, entry)
  return html`
    <section class="world" aria-label=${app.say('world')}>
      ${step === 'predict' ? nothing : bar(app)}
      <mqtt-space-time
        .trace=${trace}
        .now=${now}
        .selected=${entry}
        label=${app.say('packets', { clients: trace.clients.join(', ') })}
        @entry-select=${(event: CustomEvent<{ index?: number }>) => app.select(event.detail.index)}
      ></mqtt-space-time>
      ${stage ? panel(app, shown) : nothing} ${packetWords(app, trace, now)}
      ${packet ? bytes(app, trace, packet) : nothing}
      <details class="events">
        <summary>${app.say('events')}</summary>
        <mqtt-events
          .trace=${trace}
          .now=${now}
          .selected=${entry}
          @entry-select=${(event: CustomEvent<{ index?: number }>) => app.select(event.detail.index)}
        ></mqtt-events>
      </details>
      <details>
        <summary>${app.say('keys')}</summary>
        <p>${app.say('keysText')}</p>
      </details>
    </section>
  `
}

/** The trace of the start, which tells nothing of what comes. */
const start = ({ trace, from, now }: Stage): Trace => ({ ...trace, now, entries: trace.entries.slice(0, from) })

/** The trace up to the moment that is looked at, whose lanes do not tell what comes. */
export function past({ trace, seen }: Stage): Trace {
  return seen === undefined ? trace : { ...trace, now: seen, entries: trace.entries.filter(({ at }) => at <= seen) }
}

function bar(app: App): TemplateResult {
  const { stage } = app
  return html`
    <mqtt-transport
      ?disabled=${!stage}
      .playing=${stage?.isPlaying === true}
      .now=${stage?.now ?? 0}
      .end=${stage?.trace.now ?? 1}
      .speed=${stage?.speed ?? 1}
      @transport-play=${() => stage?.play()}
      @transport-pause=${() => stage?.pause()}
      @transport-step=${(event: CustomEvent<{ unit: string }>) => stage?.step(event.detail.unit)}
      @transport-seek=${(event: CustomEvent<{ time: number }>) => stage?.look(event.detail.time)}
      @transport-speed=${(event: CustomEvent<{ speed: number }>) => {
        if (stage) stage.speed = event.detail.speed
      }}
    ></mqtt-transport>
  `
}

function panel(app: App, { exercise, route }: Shown): TemplateResult | typeof nothing {
  const { stage, simulator } = app
  const { panel } = exercise
  if (!stage || !simulator || !panel) return nothing
  const { trace, now } = stage
  if (panel.type === 'topics') {
    const topic = topicOf(trace, now, route.entry)
    return html`<mqtt-topic-trie
      .topic=${topic ?? ''}
      .filters=${filtersOf(trace, now, topic, simulator.explain)}
    ></mqtt-topic-trie>`
  }
  if (panel.type === 'will') {
    return html`<mqtt-will .will=${willOf(trace, now, panel.client)} .now=${now}></mqtt-will>`
  }
  const { client, broker } = sessionOf(stage.snapshot(), panel.client)
  return html`<mqtt-session
    label=${app.say('session', { client: panel.client })}
    .client=${client}
    .broker=${broker}
  ></mqtt-session>`
}

const packetOf = (trace: Trace, index: number | undefined): PacketEntry | undefined => {
  const entry = index === undefined ? undefined : trace.entries[index]
  return entry?.type === 'packet' ? entry : undefined
}

/** The names in the picture, each with its meaning. */
function packetWords(app: App, trace: Trace, now: number): TemplateResult {
  const { words } = app.texts
  const kinds = new Set(
    trace.entries.flatMap(entry => (entry.type === 'packet' && entry.at <= now ? [entry.kind] : [])),
  )
  return html`
    <details>
      <summary>${app.say('packetWords')}</summary>
      <dl class="words">
        ${[...kinds].map(kind => html`<div><dt>${kind}</dt><dd>${plain(words[kind ?? ''] ?? '')}</dd></div>`)}
      </dl>
    </details>
  `
}

function bytes(app: App, trace: Trace, packet: PacketEntry): TemplateResult {
  const { simulator } = app
  const { kind, client, direction } = packet
  const ends = direction === 'up' ? [client, app.say('broker')] : [app.say('broker'), client]
  const view =
    simulator && packet.bytes instanceof Uint8Array ? simulator.dissect(packet.bytes, versionOf(trace, packet)) : {}
  return html`
    <details class="bytes">
      <summary>
        ${app.say('bytes')}: ${app.say('bytesOf', { kind: kind ?? '', from: ends[0] ?? '', to: ends[1] ?? '' })}
      </summary>
      <mqtt-packet .packet=${{ bytes: packet.bytes, ...view }}></mqtt-packet>
    </details>
  `
}
