// The styles that elements share: controls, fields, notes. Colours and sizes are the theme's.
import { css } from 'lit'

export const base = css`
  :host {
    display: block;
    min-width: 0;
  }

  :host([hidden]),
  [hidden] {
    display: none !important;
  }

  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  h2,
  h3,
  p,
  ul,
  ol,
  dl,
  dd,
  pre,
  fieldset {
    margin: 0;
    padding: 0;
  }

  ul,
  ol {
    list-style: none;
  }

  code,
  .mono {
    font-family: var(--mono);
    font-size: 0.92em;
    overflow-wrap: anywhere;
  }

  .soft {
    color: var(--ink-soft);
  }

  .small {
    font-size: var(--text-s);
  }

  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
`

export const controls = css`
  label,
  .label {
    display: block;
    margin-bottom: var(--space-1);
    color: var(--ink-soft);
    font-size: var(--text-s);
    font-weight: 550;
  }

  input:not([type='radio'], [type='checkbox']),
  select,
  textarea {
    display: block;
    width: 100%;
    min-width: 0;
    min-height: 2.375rem;
    padding: 0.4rem 0.65rem;
    border: 1px solid var(--line-strong);
    border-radius: var(--radius);
    background: var(--surface);
    color: var(--ink);
    font: inherit;
  }

  textarea {
    resize: vertical;
  }

  .mono-input {
    font-family: var(--mono) !important;
    font-size: 0.875rem !important;
  }

  input:focus-visible,
  select:focus-visible,
  textarea:focus-visible {
    border-color: var(--accent);
    outline-offset: 0;
  }

  input[type='checkbox'] {
    width: 1.05rem;
    height: 1.05rem;
    margin: 0;
    accent-color: var(--accent);
  }

  label.check {
    display: inline-flex;
    align-items: center;
    gap: var(--space-2);
    min-height: 2.375rem;
    margin: 0;
    color: var(--ink);
  }

  button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: var(--space-2);
    min-height: 2.375rem;
    padding: 0.4rem 0.95rem;
    border: 1px solid var(--line-strong);
    border-radius: var(--radius);
    background: var(--surface);
    color: var(--ink);
    font: inherit;
    font-weight: 550;
    cursor: pointer;
  }

  button:hover:not(:disabled) {
    border-color: var(--accent);
    color: var(--accent-strong);
  }

  button.primary {
    border-color: transparent;
    background: var(--accent);
    color: var(--accent-ink);
  }

  button.primary:hover:not(:disabled) {
    background: var(--accent-strong);
    color: var(--accent-ink);
  }

  button.danger {
    border-color: var(--bad);
    color: var(--bad);
  }

  button.danger:hover:not(:disabled) {
    background: var(--bad-soft);
    border-color: var(--bad);
    color: var(--bad);
  }

  button.plain {
    min-height: 1.75rem;
    padding: 0.1rem 0.5rem;
    border-color: transparent;
    background: transparent;
    color: var(--ink-soft);
    font-size: var(--text-s);
  }

  button:disabled {
    border-color: var(--line);
    background: var(--sunken);
    color: var(--ink-soft);
    cursor: not-allowed;
  }

  .fields {
    display: grid;
    gap: var(--space-3);
  }

  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: end;
    gap: var(--space-3);
  }

  .grow {
    flex: 1 1 10rem;
    min-width: 0;
  }

  @media (prefers-reduced-motion: no-preference) {
    button,
    input,
    select {
      transition:
        border-color 120ms,
        background-color 120ms,
        color 120ms;
    }
  }
`

/** A small word in a rounded box. */
export const badges = css`
  .badge {
    display: inline-block;
    padding: 0 0.45rem;
    border-radius: 0.375rem;
    background: var(--sunken);
    color: var(--ink-soft);
    font-size: 0.75rem;
    font-weight: 600;
    line-height: 1.3rem;
    white-space: nowrap;
  }

  .badge.accent {
    background: var(--accent-soft);
    color: var(--accent-strong);
  }

  .badge.good {
    background: var(--good-soft);
    color: var(--good);
  }

  .badge.bad {
    background: var(--bad-soft);
    color: var(--bad);
  }
`
