// A process of the benchmark's own, which does what it is told and answers once.
import { fork } from 'node:child_process'

/** Starts a program. It has to be ended by `end`. */
export class Child {
  #process
  #name

  constructor(program, name) {
    this.#name = name
    this.#process = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    // Told by `answer`; an end that nobody waits for is no failure.
    this.#process.on('error', () => {})
  }

  get pid() {
    return this.#process.pid
  }

  /** Sends a message, and gives the next one that comes. */
  ask(message, seconds = 30) {
    this.#process.send(message)
    return this.answer(seconds)
  }

  answer(seconds = 30) {
    return new Promise((resolve, reject) => {
      const child = this.#process
      const settle = (action, value) => {
        clearTimeout(timer)
        child.off('message', onMessage).off('exit', onExit).off('error', onError)
        action(value)
      }
      const onMessage = value => settle(resolve, value)
      const onExit = code => settle(reject, new Error(`${this.#name}: it ended with ${code}`))
      const onError = error => settle(reject, error)
      const timer = setTimeout(() => settle(reject, new Error(`${this.#name}: no end in ${seconds} s`)), seconds * 1000)
      child.on('message', onMessage).on('exit', onExit).on('error', onError)
    })
  }

  end() {
    this.#process.kill('SIGKILL')
  }
}

/** Starts a program, asks it once, and ends it. */
export async function askChild(program, name, message, seconds) {
  const child = new Child(program, name)
  try {
    return await child.ask(message, seconds)
  } finally {
    child.end()
  }
}
