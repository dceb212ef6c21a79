// Exercises on what a message of MQTT 5 carries besides its payload.
import type { Exercise } from '../exercise.ts'
import type { Facts } from '../facts.ts'
import { home, kitchen, publish, settle, subscribe } from '../home.ts'
import type { Item } from '../script.ts'

const json = '{"celsius":21.5}'
const typed = (contentType: string): Item =>
  publish(json, {
    properties: { userProperties: [['sensor', 'k-7']], ...(contentType === 'none' ? {} : { contentType }) },
  })
export const delivered = (facts: Facts): number | undefined => facts.packet({ kind: 'PUBLISH', direction: 'down' })
const typeOf = (facts: Facts): string | undefined => facts.text(delivered(facts), 'Content Type')

export const properties: Exercise = {
  id: 'properties',
  world: home,
  start: [settle, subscribe(kitchen), settle],
  show: [typed('application/json'), settle],
  options: [
    { id: 'guessed', belief: 'broker-reads-payload', evidence: delivered },
    { id: 'told', evidence: delivered },
  ],
  points: [
    { id: 'up', find: facts => facts.packet({ kind: 'PUBLISH', direction: 'up' }) },
    { id: 'down', find: delivered },
  ],
  task: {
    offers: [
      {
        id: 'publish-typed',
        fields: [
          { id: 'contentType', type: 'choice', values: ['none', 'text/plain', 'application/json'], initial: 'none' },
        ],
        does: ({ contentType }) => [typed(String(contentType))],
      },
    ],
    goal: facts => (typeOf(facts) === 'application/json' ? facts.message('dashboard', json) : undefined),
    mistakes: [
      {
        id: 'untold',
        belief: 'broker-reads-payload',
        find: facts => (typeOf(facts) === undefined ? delivered(facts) : undefined),
      },
      { id: 'wrong-type', belief: 'broker-checks-type', find: delivered },
    ],
    solution: [typed('application/json'), settle],
    wrong: [
      { mistake: 'untold', script: [typed('none'), settle] },
      { mistake: 'wrong-type', script: [typed('text/plain'), settle] },
    ],
  },
}

const questions = 'home/sensor/ask'
const replies = 'home/dashboard/replies'
const label = (number: string) => ({ correlationData: new TextEncoder().encode(number) })
const listens: Item = subscribe(replies)
const asks = (number: string): Item =>
  publish(`value ${number}?`, {
    client: 'dashboard',
    topic: questions,
    properties: { responseTopic: replies, ...label(number) },
  })
const answers = (number: string): Item => publish('21.5', { topic: replies, properties: label(number) })
const numbers = ['7', '8'] as const

/** Answers that came to the dashboard, by the number of their question. */
const repliesOf = (facts: Facts) =>
  facts
    .packets({ kind: 'PUBLISH', direction: 'down', client: 'dashboard', topic: replies })
    .map(([index]) => [index, facts.text(index, 'Correlation Data')] as const)
/** Numbers that were asked so far. */
const askedOf = (facts: Facts) =>
  facts
    .packets({ kind: 'PUBLISH', direction: 'up', client: 'dashboard', topic: questions })
    .map(([index]) => facts.text(index, 'Correlation Data'))

export const request: Exercise = {
  id: 'request',
  world: home,
  start: [settle, { type: 'subscribe', client: 'sensor', filter: questions }, listens, settle],
  show: [asks('7'), settle, answers('7'), settle],
  options: [
    {
      id: 'broker',
      belief: 'broker-answers',
      evidence: facts => facts.packet({ kind: 'PUBLISH', client: 'sensor', direction: 'up' }),
    },
    { id: 'sensor', evidence: facts => facts.packet({ kind: 'PUBLISH', client: 'sensor', direction: 'up' }) },
  ],
  points: [
    { id: 'question', find: facts => facts.packet({ kind: 'PUBLISH', client: 'sensor', direction: 'down' }) },
    { id: 'answer', find: facts => repliesOf(facts)[0]?.[0] },
  ],
  task: {
    start: [settle, { type: 'subscribe', client: 'sensor', filter: questions }, settle],
    offers: [
      { id: 'listen', does: () => [listens] },
      {
        id: 'ask',
        fields: [{ id: 'number', type: 'choice', values: [...numbers], initial: '7' }],
        does: ({ number }) => [asks(String(number))],
      },
      {
        id: 'answer',
        fields: [{ id: 'number', type: 'choice', values: [...numbers], initial: '8' }],
        does: ({ number }) => [answers(String(number))],
      },
    ],
    // The answer has the number of a question, and came where it was waited for.
    goal: facts => repliesOf(facts).find(([, number]) => askedOf(facts).includes(number))?.[0],
    mistakes: [
      {
        id: 'unheard',
        belief: 'answers-find-their-way',
        find: facts =>
          repliesOf(facts).length === 0 ? facts.event('published', ({ topic }) => topic === replies) : undefined,
      },
      {
        id: 'mixed-up',
        belief: 'order-tells-answers',
        find: facts => repliesOf(facts).find(([, number]) => !askedOf(facts).includes(number))?.[0],
      },
    ],
    solution: [listens, settle, asks('7'), settle, answers('7'), settle],
    wrong: [
      { mistake: 'unheard', script: [asks('7'), settle, answers('7'), settle, listens, settle] },
      { mistake: 'mixed-up', script: [listens, settle, asks('7'), settle, answers('8'), settle] },
    ],
  },
}
