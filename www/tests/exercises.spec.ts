// The exercises of the tutorial, natively in the world, and their words. Each start fails, each
// solution passes. Each wrong answer fails, and an event of its trace contradicts it.
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import { dissect, load, World } from 'wasmqtt/simulator'
import { beliefs } from '../src/model/tutorial/beliefs.ts'
import { concepts } from '../src/model/tutorial/concepts.ts'
import { conceptsOf, type Exercise } from '../src/model/tutorial/exercise.ts'
import { Facts } from '../src/model/tutorial/facts.ts'
import { closureOf, exerciseOutlines, outlines, teacherOf } from '../src/model/tutorial/outline.ts'
import { perform, type Script } from '../src/model/tutorial/script.ts'
import { piecesOf } from '../src/pages/markup.ts'
import { english } from '../src/texts/en/index.ts'
import { chapters, exercises, outlineOf, textOf, texts as words } from './chapters.ts'

test.beforeAll(() => load())

/** Runs a task up to a script. */
function solving({ world, start, task }: Exercise, script: Script): Facts {
  const made = new World(task.world ?? world)
  perform(made, task.start ?? start)
  const from = made.position.entries
  perform(made, script)
  const facts = new Facts(made.trace(), from, dissect)
  made.free()
  return facts
}

/** Runs what is shown after the prediction. */
function showing({ world, start, show }: Exercise): Facts {
  const made = new World(world)
  perform(made, start)
  const from = made.position.entries
  perform(made, show)
  const facts = new Facts(made.trace(), from, dissect)
  made.free()
  return facts
}

for (const exercise of exercises) {
  const { id, task } = exercise
  test(`${id}: the start fails, and the solution passes`, () => {
    expect(task.goal(solving(exercise, []))).toBeUndefined()
    const facts = solving(exercise, task.solution)
    const at = task.goal(facts)
    expect(at, 'the goal').toBeDefined()
    expect(facts.trace.entries[at ?? -1]).toBeDefined()
  })

  test(`${id}: each wrong answer fails, and an event of its trace contradicts its belief`, () => {
    expect(task.wrong.length).toBeGreaterThan(0)
    for (const { mistake: name, script } of task.wrong) {
      const facts = solving(exercise, script)
      expect(task.goal(facts), name).toBeUndefined()
      const first = task.mistakes.find(({ find }) => find(facts) !== undefined)
      expect(first?.id, 'the mistake that is told').toBe(name)
      expect(facts.trace.entries[first?.find(facts) ?? -1], name).toBeDefined()
    }
    expect(new Set(task.wrong.map(({ mistake }) => mistake))).toEqual(new Set(task.mistakes.map(mistake => mistake.id)))
    expect(task.mistakes.flatMap(({ find }) => find(solving(exercise, [])) ?? [])).toEqual([])
  })

  test(`${id}: one answer is right, and the run has the evidence for each`, () => {
    const facts = showing(exercise)
    expect(exercise.options.filter(({ belief }) => belief === undefined)).toHaveLength(1)
    for (const { id: option, evidence } of exercise.options)
      expect(evidence(facts), option).toBeGreaterThanOrEqual(facts.from)
    for (const { id: point, find } of exercise.points) expect(find(facts), point).toBeGreaterThanOrEqual(facts.from)
    for (const entry of facts.trace.entries) {
      const isOpen = entry.type === 'packet' && entry.fate.type === 'in-flight'
      expect(isOpen, `the run ends with ${JSON.stringify(entry)}`).toBe(false)
    }
  })

  test(`${id}: a solution takes nothing that is taught later`, () => {
    const known = closureOf(outlineOf(id).teaches)
    const taken = conceptsOf([...exercise.start, ...(task.start ?? []), ...task.solution])
    for (const concept of taken) expect([...known], `${id} takes ${concept}`).toContain(concept)
  })

  test(`${id}: each word that is asked for is there, and none besides`, () => {
    const text = textOf(id)
    const ids = (list: readonly { readonly id: string }[]) => list.map(one => one.id).sort()
    expect(Object.keys(text?.options ?? {}).sort()).toEqual(ids(exercise.options))
    expect(Object.keys(text?.verdicts ?? {}).sort()).toEqual(ids(exercise.options))
    expect(Object.keys(text?.points ?? {}).sort()).toEqual(ids(exercise.points))
    expect(Object.keys(text?.mistakes ?? {}).sort()).toEqual(ids(task.mistakes))
    expect(text?.hints.length).toBeGreaterThan(0)
    for (const { id: offer, fields = [] } of task.offers) {
      expect(english.actions.offers[offer], offer).toBeDefined()
      for (const field of fields) {
        expect(english.actions.fields[field.id], field.id).toBeDefined()
        for (const value of field.type === 'choice' ? field.values : []) {
          expect(english.actions.values[field.id]?.[value], `${field.id} ${value}`).toBeDefined()
        }
      }
    }
  })
}

test('each concept is taught by one exercise, after those that it needs', () => {
  const order = exerciseOutlines.map(({ teaches }) => teaches)
  expect([...order].sort()).toEqual([...concepts].sort())
  for (const { id, teaches, needs } of exerciseOutlines) {
    for (const needed of needs) {
      expect(teacherOf(needed), `${id} needs ${needed}`).toBeDefined()
      expect(order.indexOf(needed), `${id} needs ${needed}`).toBeLessThan(order.indexOf(teaches))
    }
  }
})

test('each exercise of the outline is there in its place, with its title, and none besides', () => {
  const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id)
  expect(chapters.map(({ id, exercises }) => [id, ids(exercises)])).toEqual(
    outlines.map(({ id, exercises }) => [id, ids(exercises)]),
  )
  expect(Object.entries(english.titles).map(([id, { exercises }]) => [id, Object.keys(exercises)])).toEqual(
    outlines.map(({ id, exercises }) => [id, ids(exercises)]),
  )
  expect(Object.entries(words).map(([id, { exercises }]) => [id, Object.keys(exercises)])).toEqual(
    outlines.map(({ id, exercises }) => [id, ids(exercises)]),
  )
  expect(new Set(ids(exercises)).size, 'names of exercises').toBe(exercises.length)
  expect(exercises.length).toBeGreaterThanOrEqual(30)
})

test('each belief stands behind a wrong answer, and at least ten do', () => {
  const taken = exercises.flatMap(({ options, task }) =>
    [...options, ...task.mistakes].flatMap(({ belief }) => belief ?? []),
  )
  expect([...new Set(taken)].sort()).toEqual([...beliefs].sort())
  expect(beliefs.length).toBeGreaterThanOrEqual(10)
})

/** All texts of the catalogue, each with its place. */
function texts(value: unknown, place = ''): [string, string][] {
  if (typeof value === 'string') return [[place, value]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, one]) => texts(one, `${place}/${name}`))
}

test('each marked word is in the glossary', () => {
  const marked = texts([english, words]).flatMap(([place, text]) =>
    piecesOf(text).flatMap(piece => (piece.type === 'word' ? [[place, piece.word] as const] : [])),
  )
  expect(marked.length).toBeGreaterThan(40)
  expect(marked.filter(([, word]) => !(word in english.words))).toEqual([])
})

test('each text of the frame is asked for, and each that is asked for is there', () => {
  const pages = new URL('../src/pages/', import.meta.url)
  const files = [
    ...readdirSync(pages).map(name => new URL(name, pages)),
    new URL('../src/tutorial.ts', import.meta.url),
    new URL('../tutorial.html', import.meta.url),
  ]
  const source = files.map(file => readFileSync(file, 'utf8')).join('')
  const asked = [...source.matchAll(/\bsay\('(\w+)'/g)].map(([, name]) => name ?? '')
  expect(asked.length).toBeGreaterThan(40)
  expect(asked.filter(name => !(name in english.page))).toEqual([])
  expect(Object.keys(english.page).filter(name => !isIn(source, name))).toEqual([])
})

/** True if a source asks for a text: by a call, as a member, or in the frame. */
const isIn = (source: string, name: string): boolean =>
  new RegExp(`'${name}'|\\bpage\\.${name}\\b|data-text="${name}"`).test(source)

test('each packet of each run is in the glossary', () => {
  const kinds = exercises.flatMap(exercise =>
    [showing(exercise), solving(exercise, exercise.task.solution)].flatMap(({ trace }) =>
      trace.entries.flatMap(entry => (entry.type === 'packet' ? [entry.kind ?? ''] : [])),
    ),
  )
  expect([...new Set(kinds)].filter(kind => !(kind in english.words))).toEqual([])
})

test('each question to remember has its words, and one right answer', () => {
  for (const { id, recall } of chapters) {
    expect(recall.length, id).toBeGreaterThan(0)
    for (const { id: question, options, right } of recall) {
      const text = words[id]?.recall[question]
      expect(Object.keys(text?.options ?? {}).sort(), `${id} ${question}`).toEqual([...options].sort())
      expect(options).toContain(right)
    }
  }
})

test('sentences are short', () => {
  const long = texts([english, words]).flatMap(([place, text]) =>
    text
      .split(/(?<=[.!?:;])\s+/)
      .filter(sentence => sentence.split(/\s+/).length > 25)
      .map(sentence => `${place}: ${sentence}`),
  )
  expect(long).toEqual([])
})

test('the table of the syllabus tells what is taught and what is not yet', () => {
  const table = readFileSync(new URL('../../docs/tutorial.md', import.meta.url), 'utf8')
  const rows = [...table.matchAll(/^\| ([^|]+) \| `([\w-]+)` \| ([^|]+) \|$/gm)].map(row => row.slice(1, 4))
  const taught = rows.filter(([, , exercise]) => exercise !== 'not yet')
  const real = outlines.flatMap(chapter =>
    chapter.exercises.map(({ id, teaches }) => [english.concepts[teaches], chapter.id, `\`${id}\``]),
  )
  expect(taught).toEqual(real)
  const open = rows.filter(([, , exercise]) => exercise === 'not yet').map(([concept]) => concept)
  expect(open, 'rows without an exercise').toEqual(['redirect'])
  for (const [concept, chapter] of rows)
    expect(
      outlines.map(({ id }) => id),
      concept,
    ).toContain(chapter)
})
