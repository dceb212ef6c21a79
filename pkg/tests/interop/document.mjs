// docs/interop.md: the table of behaviours, written from the run.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The document's path. */
export const path = fileURLToPath(new URL('../../../docs/interop.md', import.meta.url))

/** The document as it stands. */
export const text = existsSync(path) ? readFileSync(path, 'utf8') : ''

const versions = { 4: '3.1.1', 5: '5.0' }

/** Returns the version of a broker with which the document was written. */
export const writtenWith = name => new RegExp(`^- ${name} ([\\w.]+)`, 'm').exec(text)?.[1]

const row = cells => `| ${cells.join(' | ')} |`

/**
 * Returns the document.
 *
 * @param {{ brokers: { name: string, versions: number[] }[], behaviours: { name: string, versions:
 * number[] }[], versionOf: (name: string) => string, outcome: (behaviour: string, broker: string,
 * version: number) => string | undefined, habits: object[] }} run `outcome` is undefined for a
 * behaviour that passed, else the reason why the broker lacks it.
 */
export function render({ brokers, behaviours, versionOf, outcome, habits }) {
  const columns = brokers.flatMap(broker => broker.versions.map(version => ({ broker: broker.name, version })))
  const notes = []
  const cell = (behaviour, { broker, version }) => {
    if (!behaviour.versions.includes(version)) return ''
    const reason = outcome(behaviour.name, broker, version)
    if (!reason) return 'yes'
    if (!notes.includes(reason)) notes.push(reason)
    return `no (${notes.indexOf(reason) + 1})`
  }
  const rows = behaviours.map(behaviour => row([behaviour.name, ...columns.map(column => cell(behaviour, column))]))
  return [
    '# Interoperability',
    '',
    'Behaviour of the client with real brokers, over WebSockets on the loopback. `npm test` runs each cell, and',
    '`UPDATE=1 npm run test:interop -w pkg` writes this file (`pkg/tests/interop/`).',
    '',
    ...brokers.map(({ name, about }) => `- ${name} ${versionOf(name)}: ${about}`),
    '',
    '## Behaviours',
    '',
    row(['', ...columns.map(({ broker, version }) => `${broker}, ${versions[version]}`)]),
    row(['---', ...columns.map(() => '---')]),
    ...rows,
    '',
    ...(notes.length > 0 ? ['A broker without a behaviour shows it so:', ''] : []),
    ...notes.map((note, at) => `${at + 1}. ${note}`),
    ...(notes.length > 0 ? [''] : []),
    '## Habits',
    '',
    'Deviations of brokers from the specification, and the outcome in the client:',
    '',
    row(['broker', 'habit', 'the client']),
    row(['---', '---', '---']),
    ...habits.map(({ broker, habit, outcome }) => row([`${broker} ${versionOf(broker)}`, habit, outcome])),
    '',
  ].join('\n')
}
