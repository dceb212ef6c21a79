// The layout of the right panel.
import { css } from 'lit'

export const householdStyles = css`
  .pair {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr));
    gap: var(--space-4);
  }

  .pair > * {
    min-width: 0;
  }

  .title {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--space-2) var(--space-3);
    margin-bottom: var(--space-3);
  }

  .title h3 {
    margin: 0;
  }

  .title select {
    flex: 0 1 auto;
    width: auto;
    max-width: 100%;
    min-height: 2rem;
    padding-block: 0.2rem;
    font-size: var(--text-s);
  }

  .fate {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--space-3);
    margin-top: var(--space-4);
    padding-top: var(--space-3);
    border-top: 1px solid var(--line);
  }

  .fate p {
    flex: 1 1 10rem;
  }

  .listening {
    margin-block: var(--space-2) var(--space-3);
  }

  mqtt-message-list {
    --messages-height: 11rem;
  }

  .ladder {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--space-4);
  }

  .scroll {
    max-height: 40rem;
    overflow: hidden auto;
  }

  @media (min-width: 700px) {
    .ladder {
      grid-template-columns: minmax(0, 1fr) 20.5rem;
    }

    mqtt-packet-detail {
      padding-left: var(--space-4);
      border-left: 1px solid var(--line);
    }
  }
`
