// The style of the space-time diagram. Label, dash and head tell the kind; colour repeats it.
import { css } from 'lit'

export const style = css`
  :host {
    position: relative;
    display: flex;
    flex-direction: column;
    height: var(--mqtt-space-time-height, 32em);
    background: var(--_ground);
  }

  .names {
    position: relative;
    flex: none;
    height: 2em;
    border-bottom: 1px solid var(--_line);
    font-weight: 600;
    font-size: 0.875em;
  }

  .names.beside-map {
    margin-right: 2.5714em;
  }

  .names span {
    position: absolute;
    top: 0.4em;
    max-width: 100%;
    overflow: hidden;
    transform: translateX(-50%);
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .body {
    position: relative;
    flex: 1;
    min-height: 0;
    display: flex;
  }

  .scroll {
    position: relative;
    flex: 1;
    min-width: 0;
    overflow: hidden auto;
    overscroll-behavior: contain;
  }

  .scroll:focus-visible {
    outline-offset: -2px;
  }

  .ruler {
    position: absolute;
    width: 1em;
    height: 0;
    visibility: hidden;
  }

  .space {
    position: relative;
    width: 100%;
    overflow: hidden;
  }

  svg {
    position: absolute;
    left: 0;
    display: block;
    overflow: visible;
  }

  text {
    fill: var(--_ink);
    font-size: 0.8125em;
    dominant-baseline: auto;
    paint-order: stroke;
    stroke: var(--_ground);
    stroke-width: 0.35em;
    stroke-linejoin: round;
  }

  .lane {
    stroke: var(--_strong);
    stroke-width: 1.5;
  }

  .lane.idle {
    stroke-dasharray: 1 7;
  }

  .lane.inferred {
    stroke-dasharray: 1 3;
  }

  .lane.opening {
    stroke-dasharray: 3 3;
  }

  .lane.halfOpen {
    stroke: var(--_bad);
    stroke-dasharray: 10 4;
  }

  .lane.offline {
    stroke-dasharray: 2 5;
  }

  .lane.killed {
    stroke: none;
  }

  .bar {
    fill: var(--_strong);
    opacity: 0.55;
  }

  .arrow line {
    stroke: currentcolor;
    stroke-width: 1.75;
  }

  .arrow .hit {
    pointer-events: stroke;
    stroke: transparent;
    stroke-width: 22;
  }

  .arrow .ghost {
    stroke-dasharray: 1 5;
    opacity: 0.7;
  }

  .arrow.publish {
    color: var(--_publish);
  }

  .arrow.answer {
    color: var(--_answer);
  }

  .arrow.answer .way {
    stroke-dasharray: 7 3;
  }

  .arrow.session {
    color: var(--_session);
  }

  .arrow.session .way {
    stroke-dasharray: 2 3;
  }

  .arrow.lost .cross,
  .arrow.lost .why {
    color: var(--_bad);
    stroke-width: 2.5;
  }

  .arrow.lost .why {
    fill: var(--_bad);
    stroke-width: 0.35em;
  }

  .head {
    fill: currentcolor;
    stroke: currentcolor;
    stroke-width: 1.5;
  }

  .head.open {
    fill: var(--_ground);
  }

  .head.line {
    fill: none;
  }

  .arrow {
    cursor: pointer;
  }

  .arrow:hover .label,
  .active .label {
    text-decoration: underline;
  }

  .label {
    fill: currentcolor;
    font-weight: 600;
  }

  .badge {
    fill: var(--_soft);
    font-weight: 400;
  }

  .badge.loud {
    fill: var(--_ink);
    font-weight: 700;
  }

  .arrow.active .halo {
    stroke: var(--_mark);
    stroke-width: 9;
    stroke-linecap: round;
  }

  .arrow .halo {
    stroke: none;
  }

  .flying {
    fill: currentcolor;
  }

  .mark circle {
    fill: var(--_publish);
  }

  .mark.bad text {
    fill: var(--_bad);
    font-weight: 600;
  }

  .mark.plain text {
    fill: var(--_soft);
  }

  .fold line {
    stroke: var(--_line);
  }

  .fold text {
    fill: var(--_soft);
    font-size: 0.75em;
  }

  .dim {
    opacity: 0.38;
  }

  .map {
    flex: none;
    position: relative;
    width: 2.25em;
    border-left: 1px solid var(--_line);
    touch-action: none;
  }

  .map canvas {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
  }

  .map div {
    position: absolute;
    right: 0;
    left: 0;
    min-height: 4px;
    border: 1px solid var(--_ink);
    background: color-mix(in srgb, var(--_ink) 8%, transparent);
  }

  .empty {
    position: absolute;
    inset: 3em 1em auto;
    text-align: center;
  }

  @media (forced-colors: active) {
    text,
    .label,
    .badge,
    .badge.loud,
    .arrow.lost .why,
    .mark.bad text,
    .mark.plain text,
    .fold text {
      fill: CanvasText;
      stroke: Canvas;
      forced-color-adjust: none;
    }

    .lane,
    .lane.halfOpen,
    .fold line,
    .arrow .way,
    .arrow .ghost,
    .arrow.lost .cross line,
    .head {
      stroke: CanvasText;
    }

    .bar {
      fill: CanvasText;
    }

    .active .label {
      fill: CanvasText;
      text-decoration: underline;
    }

    .head,
    .mark circle,
    .flying {
      fill: CanvasText;
    }

    .head.open,
    .head.line {
      fill: Canvas;
    }

    .arrow .hit {
      stroke: transparent;
    }

    .arrow .halo,
    .lane.killed {
      stroke: none;
    }

    .arrow.active .halo {
      stroke: Highlight;
    }

    .dim {
      opacity: 1;
    }

    .dim text,
    .dim .label,
    .dim .badge,
    .mark.dim text {
      fill: GrayText;
    }

    .arrow.dim .way,
    .arrow.dim .ghost,
    .arrow.dim .head {
      stroke: GrayText;
    }
  }
`
