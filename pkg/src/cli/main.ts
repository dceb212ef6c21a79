// Command line of the package: `npx wasmqtt`.
import { readFileSync } from 'node:fs'
import { runBroker } from './broker.js'
import { help, oneLine, UsageError } from './usage.js'

const USAGE_EXIT_CODE = 2

// A closed pipe or a full disk. The broker serves its clients, whether anybody reads its lines.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {})

try {
  await run(process.argv.slice(2))
} catch (error) {
  const isUsage = error instanceof UsageError
  const hint = isUsage ? '; see wasmqtt --help' : ''
  process.stderr.write(`wasmqtt: ${oneLine((error as Error).message)}${hint}\n`)
  process.exitCode = isUsage ? USAGE_EXIT_CODE : 1
}

async function run(args: readonly string[]): Promise<void> {
  // At any place: with these, nothing else is wanted.
  if (args.includes('--help') || args.includes('-h')) return print(help)
  if (args.includes('--version')) return print(version())
  const [command, ...rest] = args
  if (command === 'broker') return runBroker(rest)
  throw new UsageError(
    command === undefined
      ? 'a command is missing; use broker'
      : `${JSON.stringify(command)} is not a command; use broker`,
  )
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
