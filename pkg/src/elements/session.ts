// The session panel: what the client and what the broker know of one session, side by side.
import { css, html, LitElement, nothing, type PropertyValues } from 'lit'
import { sheet } from './sheet.js'
import type { InFlight, SessionSide } from './types.js'

const style = css`
  :host {
    container-type: inline-size;
  }

  table {
    width: 100%;
    border-collapse: collapse;
    table-layout: fixed;
  }

  caption {
    padding-bottom: 0.35em;
    font-weight: 600;
    text-align: start;
  }

  th,
  td {
    padding: 0.3em 0.5em 0.3em 0;
    border-top: 1px solid var(--_line);
    text-align: start;
    vertical-align: top;
    overflow-wrap: anywhere;
  }

  thead th {
    border-top: 0;
    color: var(--_soft);
    font-size: var(--_small);
    font-weight: 400;
  }

  tbody th {
    width: 30%;
    font-weight: 400;
    color: var(--_soft);
  }

  td.changed {
    background: var(--_mark);
    box-shadow: inset 2px 0 var(--_ink);
    padding-left: 0.4em;
  }

  del {
    color: var(--_soft);
  }

  @media (prefers-reduced-motion: no-preference) {
    td.changed {
      animation: flash 1.2s ease-out;
    }

    @keyframes flash {
      from {
        background: var(--_ink);
        color: var(--_ground);
      }
    }
  }

  @container (max-width: 22em) {
    tbody th {
      display: block;
      width: auto;
      border-bottom: 0;
    }

    tbody tr {
      display: grid;
      grid-template-columns: 1fr 1fr;
    }

    tbody th {
      grid-column: 1 / -1;
    }

    tbody td {
      border-top: 0;
    }

    thead tr {
      display: grid;
      grid-template-columns: 1fr 1fr;
    }

    thead th:first-child {
      display: none;
    }
  }
`

type Row = { readonly name: string; readonly read: (side: SessionSide) => string }

const rows: readonly Row[] = [
  { name: 'Connection', read: ({ connection }) => connection },
  {
    name: 'Kept without a connection',
    read: ({ expiry }) => (expiry === undefined ? '' : expiry === 0 ? 'no' : `${expiry} s`),
  },
  { name: 'Sent, not yet answered', read: ({ outgoing = [] }) => outgoing.map(flight).join('; ') || 'none' },
  { name: 'Received, not yet released', read: ({ incoming = [] }) => incoming.map(flight).join('; ') || 'none' },
  {
    name: 'Waiting to be sent',
    read: ({ queued = [] }) => queued.map(({ topic, qos }) => `${topic}, QoS ${qos}`).join('; ') || 'none',
  },
  {
    name: 'Subscriptions',
    read: ({ subscriptions = [] }) =>
      subscriptions.map(({ filter, qos }) => `${filter}, QoS ${qos}`).join('; ') || 'none',
  },
]

const flight = ({ packetId, awaits, topic }: InFlight): string =>
  `${packetId}: waits for ${awaits}${topic ? ` (${topic})` : ''}`

export class SessionPanel extends LitElement {
  static readonly tag = 'mqtt-session'
  static override styles = [sheet, style]
  static override properties = {
    client: { attribute: false },
    broker: { attribute: false },
    label: { type: String },
  }

  declare client: SessionSide | undefined
  declare broker: SessionSide | undefined
  declare label: string
  /** Values that were shown before the last change. */
  #before = new Map<string, string>()
  #shown = new Map<string, string>()

  constructor() {
    super()
    this.label = 'Session'
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('client') && !changed.has('broker')) return
    this.#before = this.#shown
    this.#shown = new Map(
      rows.flatMap(({ name, read }) => [
        [`client ${name}`, this.client ? read(this.client) : ''] as const,
        [`broker ${name}`, this.broker ? read(this.broker) : ''] as const,
      ]),
    )
  }

  override render() {
    if (!this.client && !this.broker) return html`<p class="soft">No session yet.</p>`
    return html`
      <table part="table">
        <caption part="caption">${this.label}</caption>
        <thead>
          <tr>
            <th scope="col"><span class="hidden">What</span></th>
            <th scope="col">The client knows</th>
            <th scope="col">The broker knows</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ name }) => html`
              <tr>
                <th scope="row">${name}</th>
                ${this.#cell(`client ${name}`)} ${this.#cell(`broker ${name}`)}
              </tr>
            `,
          )}
        </tbody>
      </table>
    `
  }

  #cell(key: string) {
    const text = this.#shown.get(key) ?? ''
    const before = this.#before.get(key)
    const isChanged = before !== undefined && before !== text
    return html`<td class=${isChanged ? 'changed' : ''} part=${isChanged ? 'cell changed' : 'cell'}>
      ${isChanged && before ? html`<del>${before}</del> → ` : nothing}${text || '–'}
    </td>`
  }
}
