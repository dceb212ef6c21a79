#!/usr/bin/env node
// The command `wasmqtt`, apart from dist/ so that npm can link it in a clone before the build.
import { existsSync } from 'node:fs'

const command = new URL('../dist/cli.js', import.meta.url)
if (existsSync(command)) {
  await import(command)
} else {
  console.error('wasmqtt: the command is not built yet; run `npm start` or `npm run build` in the clone first')
  process.exitCode = 1
}
