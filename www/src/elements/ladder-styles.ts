// The styles of a ladder diagram.
import { css } from 'lit'

export const ladderStyles = css`
  svg {
    display: block;
    max-width: 100%;
    overflow: visible;
    font-family: var(--font);
  }

  .life {
    stroke: var(--line-strong);
    stroke-width: 1.5;
  }

  .life.broken {
    stroke: var(--bad);
    stroke-dasharray: 2 6;
  }

  .head {
    fill: var(--sunken);
    stroke: var(--line-strong);
  }

  text {
    text-anchor: middle;
  }

  text.start {
    text-anchor: start;
  }

  text.end {
    text-anchor: end;
  }

  .name {
    fill: var(--ink);
    font-size: 13px;
    font-weight: 600;
  }

  .packet {
    --colour: var(--packet-session);
    outline: none;
    cursor: pointer;
  }

  .packet.publish {
    --colour: var(--packet-publish);
  }

  .packet.answer {
    --colour: var(--packet-answer);
  }

  .packet line {
    stroke: var(--colour);
    stroke-width: 1.75;
  }

  .tip,
  .dot {
    fill: var(--colour);
  }

  .dot {
    opacity: 0;
  }

  .box {
    fill: transparent;
  }

  .packet:hover .box {
    fill: var(--sunken);
  }

  .packet[aria-selected='true'] .box {
    fill: var(--accent-soft);
  }

  .packet:focus-visible .box {
    stroke: var(--accent);
    stroke-width: 2;
  }

  .kind {
    fill: var(--colour);
    font-size: 12.5px;
    font-weight: 650;
    letter-spacing: 0.01em;
  }

  .facts {
    fill: var(--ink-soft);
    font-size: 11px;
  }

  .packet[aria-selected='true'] .facts {
    fill: var(--ink);
  }

  .mark text {
    /* A lifeline may run behind it. */
    paint-order: stroke;
    stroke: var(--surface);
    stroke-linejoin: round;
    stroke-width: 9px;
    fill: var(--ink-soft);
    font-size: 12px;
    font-weight: 600;
  }

  .mark .cross {
    display: none;
  }

  .mark.bad text {
    fill: var(--bad);
  }

  .mark.bad .cross {
    display: inline;
    fill: none;
    stroke: var(--bad);
    stroke-linecap: round;
    stroke-width: 2.5;
  }
`
