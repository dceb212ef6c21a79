// Runs one row in this process, and sends its figures.
import { run } from './rows.js'

process.on('message', async name => process.send(await run(name)))
