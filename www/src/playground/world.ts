// The world: its clock, its packets, its guarantees, and what is selected in it.
import { html, nothing, type TemplateResult } from 'lit'
import type { PacketEntry, Trace } from 'wasmqtt/elements'
import { bytes as bytesOf } from '../model/playground/steps.ts'
import { sessionOf } from '../model/tutorial/panels.ts'
import type { Stage } from '../model/tutorial/stage.ts'
import { past } from '../pages/world.ts'
import still from '../traces/flows.json'
import type { App } from './app.ts'

/** Moment of the recording that is shown until the module is there. */
const STILL_AT = 240

const recording = still as unknown as Trace

type Selected = CustomEvent<{ index?: number }>

export function world(app: App): TemplateResult {
  const { stage, route } = app
  const trace = stage ? past(stage) : recording
  const clients = trace.clients.length > 0 ? trace.clients.join(', ') : app.say('noClients')
  return html`
    <section class="world" aria-label=${app.say('world')}>
      ${bar(app)}
      <mqtt-space-time
        .trace=${trace}
        .now=${stage ? stage.now : STILL_AT}
        .selected=${route.entry}
        label=${app.say('packets', { clients })}
        @entry-select=${(event: Selected) => app.select(event.detail.index)}
      ></mqtt-space-time>
    </section>
  `
}

function bar(app: App): TemplateResult {
  const { stage } = app
  const branches = stage?.branches ?? []
  return html`
    <mqtt-transport
      ?disabled=${!stage}
      .playing=${stage?.isPlaying === true}
      .now=${stage?.now ?? 0}
      .end=${stage?.trace.now ?? 1}
      .speed=${stage?.speed ?? 1}
      .branches=${branches}
      .branch=${branches.findIndex(({ isCurrent }) => isCurrent)}
      @transport-play=${() => app.play()}
      @transport-pause=${() => app.hold(() => stage?.pause())}
      @transport-step=${(event: CustomEvent<{ unit: string }>) => app.hold(() => stage?.step(event.detail.unit))}
      @transport-seek=${(event: CustomEvent<{ time: number }>) => app.hold(() => stage?.look(event.detail.time))}
      @transport-branch=${(event: CustomEvent<{ branch: number }>) =>
        app.hold(() => stage?.switchTo(branches[event.detail.branch]?.name ?? ''))}
      @transport-speed=${(event: CustomEvent<{ speed: number }>) => {
        if (stage) stage.speed = event.detail.speed
      }}
    ></mqtt-transport>
  `
}

export function details(app: App): TemplateResult {
  const { stage } = app
  const trace = stage ? past(stage) : recording
  return html`
    ${packet(app, trace)} ${stage ? html`${sessions(app, stage)} ${guarantees(app, stage)}` : nothing}
  `
}

/** The events in words, and the keys of the picture. */
export function more(app: App): TemplateResult {
  const { stage, route } = app
  const trace = stage ? past(stage) : recording
  return html`
    <details class="events">
      <summary>${app.say('events')}</summary>
      <mqtt-events
        .trace=${trace}
        .now=${stage ? stage.now : STILL_AT}
        .selected=${route.entry}
        @entry-select=${(event: Selected) => app.select(event.detail.index)}
      ></mqtt-events>
    </details>
    <details>
      <summary>${app.say('keys')}</summary>
      <p>${app.say('keysText')}</p>
    </details>
  `
}

const guarantees = (app: App, stage: Stage): TemplateResult => html`
  <section class="below" aria-labelledby="monitors-title">
    <h2 id="monitors-title">${app.say('monitors')}</h2>
    <mqtt-monitors
      .monitors=${stage.world.monitors()}
      @entry-select=${(event: Selected) => app.select(event.detail.index)}
    ></mqtt-monitors>
  </section>
`

function packet(app: App, trace: Trace): TemplateResult {
  const entry = app.route.entry === undefined ? undefined : trace.entries[app.route.entry]
  const chosen = entry?.type === 'packet' ? entry : undefined
  const raw = app.member?.isRaw ? app.member.name : undefined
  return html`
    <section class="below" aria-labelledby="packet-title">
      <h2 id="packet-title">${app.say('packet')}</h2>
      ${
        chosen
          ? html`
              <p>${nameOf(app, chosen)}</p>
              ${raw === undefined ? nothing : taking(app, raw, app.typed ?? toBytes(chosen.bytes))}
              <mqtt-packet
                ?editable=${raw !== undefined}
                .packet=${viewOf(app, trace, chosen)}
                @bytes-edit=${(event: CustomEvent<{ bytes: Uint8Array }>) => app.type(event.detail.bytes)}
              ></mqtt-packet>
            `
          : html`<p class="soft">${app.say('noPacket')}</p>`
      }
    </section>
  `
}

/** A way for the bytes of a packet to a client that has none of its own. */
const taking = (app: App, client: string, bytes: Uint8Array): TemplateResult => html`
  <p class="actions">
    <button type="button" @click=${() => app.type(bytes)}>${app.say('takeBytes', { client })}</button>
    <span class="soft small">${app.say('takeBytesAbout')}</span>
  </p>
`

const toBytes = (bytes: PacketEntry['bytes']): Uint8Array =>
  typeof bytes === 'string' ? bytesOf(bytes) : Uint8Array.from(bytes)

function nameOf(app: App, { kind, client, direction }: PacketEntry): string {
  const [from, to] = direction === 'up' ? [client, app.say('theBroker')] : [app.say('theBroker'), client]
  return app.say('packetOf', { kind: kind ?? app.say('bytesKind'), from, to })
}

/** The bytes with their fields, in the version of the connection that they belong to. */
function viewOf(app: App, trace: Trace, packet: PacketEntry) {
  const bytes = app.typed ?? toBytes(packet.bytes)
  if (!app.simulator) return { bytes }
  const { dissect } = app.simulator
  const connect = trace.entries.find(
    (entry): entry is PacketEntry => entry.type === 'packet' && entry.link === packet.link && entry.kind === 'CONNECT',
  )
  const fields = connect ? dissect(toBytes(connect.bytes)).fields : []
  const version = fields.find(({ name }) => name === 'Protocol Level')?.value
  return { bytes, ...dissect(bytes, version === 4 ? 4 : 5) }
}

function sessions(app: App, stage: Stage): TemplateResult {
  const snapshot = app.snapshot ?? stage.snapshot()
  const names = new Set([
    ...snapshot.clients.filter(({ connection }) => connection !== 'foreign').map(({ clientId }) => clientId),
    ...snapshot.broker.sessions.map(({ clientId }) => clientId),
  ])
  return html`
    <section class="below" aria-labelledby="sessions-title">
      <h2 id="sessions-title">${app.say('sessions')}</h2>
      <div class="sessions">
        ${[...names].map(name => {
          const { client, broker } = sessionOf(snapshot, name)
          const will = app.roster.find(member => member.name === name)?.will
          return html`
            <div>
              <mqtt-session label=${app.say('session', { client: name })} .client=${client} .broker=${broker}></mqtt-session>
              ${will ? html`<mqtt-will .will=${will} .now=${stage.now}></mqtt-will>` : nothing}
            </div>
          `
        })}
      </div>
    </section>
  `
}
