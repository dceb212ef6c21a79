// One packet in full: its facts and its bytes.
import { css, html, LitElement, nothing } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import type { TracePacket } from '../model/trace.ts'
import { hexLines } from './hex-dump.ts'
import { groupOf } from './packet-words.ts'
import { reasonText } from './reason.ts'
import { badges, base } from './styles.ts'

const bytesMax = 1024

@customElement('mqtt-packet-detail')
export class PacketDetail extends LitElement {
  static override styles = [
    base,
    badges,
    css`
      h3 {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: var(--space-1) var(--space-2);
        margin-bottom: var(--space-2);
        font-size: var(--text-m);
        font-weight: 650;
      }

      h3 span {
        color: var(--ink-soft);
        font-size: var(--text-s);
        font-weight: 400;
      }

      .publish {
        color: var(--packet-publish);
      }

      .answer {
        color: var(--packet-answer);
      }

      dl {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 0 var(--space-3);
        margin-bottom: var(--space-3);
        font-size: var(--text-s);
      }

      dt {
        color: var(--ink-soft);
      }

      dd {
        overflow-wrap: anywhere;
      }

      pre {
        max-height: 18rem;
        overflow: auto;
        padding: var(--space-2) var(--space-3);
        border-radius: var(--radius);
        background: var(--sunken);
        font-family: var(--mono);
        font-size: 0.75rem;
        line-height: 1.65;
      }
    `,
  ]

  @property({ attribute: false }) packet: TracePacket | undefined

  override render() {
    const { packet } = this
    if (!packet) return html`<p class="soft small">Select a packet to see its bytes.</p>`
    const lines = hexLines(packet.bytes, bytesMax)
    const rest = packet.bytes.length - bytesMax
    return html`
      <h3>
        <code class=${groupOf(packet)}>${packet.kind}</code>
        <span>${packet.from} → ${packet.to}</span>
      </h3>
      <dl>${this.#facts(packet).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
      <pre tabindex="0" role="region" aria-label="Bytes of the packet">${lines.join('\n')}</pre>
      ${rest > 0 ? html`<p class="soft small">and ${rest} bytes more</p>` : nothing}
    `
  }

  #facts(packet: TracePacket): [string, unknown][] {
    const { packetId, qos, duplicate, retain, topic, reasonCode, payloadBytes, bytes, at } = packet
    const yes = (value: boolean) => (value ? 'yes' : 'no')
    const publish = packet.kind === 'PUBLISH'
    return [
      ...(topic === undefined ? [] : [['Topic', html`<code>${topic}</code>`] as [string, unknown]]),
      ...(packetId === undefined ? [] : [['Packet identifier', packetId] as [string, unknown]]),
      ...(qos === undefined ? [] : [['QoS', qos] as [string, unknown]]),
      ...(publish
        ? ([
            ['DUP', yes(duplicate)],
            ['Retain', yes(retain)],
          ] as [string, unknown][])
        : []),
      ...(reasonCode === undefined ? [] : [['Reason code', reasonText(reasonCode)] as [string, unknown]]),
      ['Length', `${bytes.length} bytes${payloadBytes === undefined ? '' : `, ${payloadBytes} of them payload`}`],
      ['Time', `${at.toFixed(1)} ms into the run`],
    ]
  }
}
