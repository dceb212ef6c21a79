// The path of the load program.
import { fileURLToPath } from 'node:url'

export const loadProgram = fileURLToPath(new URL('../load/program.js', import.meta.url))
