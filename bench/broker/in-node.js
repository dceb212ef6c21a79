// Measurements within one process of Node: a child process, which takes a request and answers.
import { deliver } from './deliver.js'
import { retained } from './retained.js'

const tasks = { deliver, retained }

process.once('message', async ([task, system, ...args]) => {
  const { start } = await import(`./systems/${system}.js`)
  process.send(await tasks[task](start, ...args))
})
