// What is measured within one process of Node: a process of its own, which is told what and answers.
import { deliver } from './deliver.js'
import { retained } from './retained.js'

const tasks = { deliver, retained }

process.once('message', async ([task, system, ...args]) => {
  const { start } = await import(`./systems/${system}.js`)
  process.send(await tasks[task](start, ...args))
})
