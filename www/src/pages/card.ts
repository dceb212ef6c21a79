// The styles of the page's own parts: a panel, its heading, its sections.
import { css } from 'lit'

export const card = css`
  .card {
    padding: var(--space-4);
    border: 1px solid var(--line);
    border-radius: var(--radius-l);
    background: var(--surface);
    box-shadow: var(--shadow);
  }

  .cards {
    display: grid;
    gap: var(--space-4);
  }

  .cards > * {
    min-width: 0;
  }

  h2 {
    margin-bottom: var(--space-1);
    font-size: 1.25rem;
    font-weight: 650;
    letter-spacing: -0.01em;
    line-height: 1.3;
  }

  h3 {
    margin-bottom: var(--space-3);
    font-size: var(--text-l);
    font-weight: 650;
    letter-spacing: -0.005em;
  }

  .lead {
    margin-bottom: var(--space-4);
    color: var(--ink-soft);
  }
`
