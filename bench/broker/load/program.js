// The load program: a child process, which takes a request and answers with its measurements.
import { deliver } from './deliver.js'
import { connectIdle } from './idle.js'
import { retained } from './retained.js'

const tasks = { deliver, connectIdle, retained }

process.once('message', async ([task, ...args]) => {
  try {
    process.send((await tasks[task](...args)) ?? null)
  } catch (error) {
    console.error(String(error))
    process.exit(1)
  }
})
