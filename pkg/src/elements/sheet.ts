// The style that all elements share: variables of the page with a default each, one scale of type
// and one of space, in `em`.
import { css } from 'lit'

export const sheet = css`
  :host {
    --_ground: var(--mqtt-ground, light-dark(#fdfcfa, #14161a));
    --_raised: var(--mqtt-raised, light-dark(#f5f3ee, #1c1f25));
    --_ink: var(--mqtt-ink, light-dark(#1d1c1a, #ebe9e4));
    --_soft: var(--mqtt-soft, light-dark(#5f5b53, #a7a49c));
    --_line: var(--mqtt-line, light-dark(#dedad1, #33373f));
    --_strong: var(--mqtt-strong, light-dark(#8b867b, #787c86));
    --_publish: var(--mqtt-publish, light-dark(#1d4fb8, #8db4ff));
    --_answer: var(--mqtt-answer, light-dark(#0d6a57, #63cbae));
    --_session: var(--mqtt-session, light-dark(#6a6459, #aaa59a));
    --_bad: var(--mqtt-bad, light-dark(#b0241c, #ff958a));
    --_bad-ground: var(--mqtt-bad-ground, light-dark(#fbe9e6, #3b1d1b));
    --_mark: var(--mqtt-mark, light-dark(#fff0c2, #3d3110));
    --_focus: var(--mqtt-focus, light-dark(#1d4fb8, #8db4ff));
    --_mono: var(--mqtt-mono, ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace);
    --_small: 0.8125em;
    display: block;
    min-width: 0;
    color: var(--_ink);
    line-height: 1.45;
  }

  :host([hidden]) {
    display: none;
  }

  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  p,
  ul,
  ol,
  dl,
  dd {
    margin: 0;
    padding: 0;
  }

  ul,
  ol {
    list-style: none;
  }

  code,
  .mono {
    font-family: var(--_mono);
    font-size: 0.92em;
  }

  .soft {
    color: var(--_soft);
  }

  .small {
    font-size: var(--_small);
  }

  .hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  :focus-visible {
    outline: 2px solid var(--_focus);
    outline-offset: 2px;
  }

  button,
  select,
  input {
    color: inherit;
    font: inherit;
  }

  button,
  select {
    min-height: 2.75rem;
    padding: 0.25em 0.75em;
    border: 1px solid var(--_strong);
    border-radius: 0.2em;
    background: var(--_ground);
  }

  button {
    cursor: pointer;
  }

  button:hover:not(:disabled) {
    border-color: var(--_ink);
  }

  button:disabled,
  input:disabled,
  select:disabled {
    color: var(--_soft);
    border-style: dashed;
    cursor: not-allowed;
  }
`

/** Sends an event that leaves the shadow tree. */
export function emit(from: HTMLElement, name: string, detail: unknown): void {
  from.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }))
}
