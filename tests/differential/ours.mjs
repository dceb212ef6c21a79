// Our codec, through the native program examples/codec_lines.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The answers to all lines, in their order. */
function answers(lines) {
  const args = ['run', '--quiet', '--locked', '--example', 'codec_lines']
  const { status, stdout, stderr, error } = spawnSync('cargo', args, {
    cwd: root,
    input: lines.map(line => `${line}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  })
  if (error || status !== 0) throw new Error(`codec_lines ended with ${error ?? status}: ${stderr}`)
  const found = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  if (found.length !== lines.length) throw new Error(`${lines.length} lines had ${found.length} answers`)
  return found
}

/** What each stream is to us: `{ packets, error, unread }`. */
export const decodeAll = cases =>
  cases.length === 0 ? [] : answers(cases.map(({ bytes, version }) => `decode ${version} ${bytes.toString('hex')}`))

/** The bytes of each description, as `{ hex }` or `{ error }`. */
export const encodeAll = cases =>
  cases.length === 0 ? [] : answers(cases.map(({ packet, version }) => `encode ${version} ${JSON.stringify(packet)}`))
