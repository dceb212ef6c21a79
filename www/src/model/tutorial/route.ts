// The address of each state of the tutorial, behind the `#` of the page's own.
import { outlines } from './outline.ts'

export const steps = ['predict', 'run', 'why', 'solve'] as const
export type Step = (typeof steps)[number]

/** State that an address holds. */
export interface ExerciseRoute {
  readonly page: 'exercise'
  readonly chapter: string
  readonly exercise: string
  readonly step: Step
  /** Answer that was chosen. */
  readonly answer?: string
  /** Moment of the trace, in milliseconds; absent is its end. */
  readonly at?: number
  /** Entry of the trace that is selected. */
  readonly entry?: number
  /** Run of the learner, as a world's link. */
  readonly run?: string
}

/** The questions of a chapter, with the answers that were given, by `chapter.question`. */
export interface RecallRoute {
  readonly page: 'recall'
  readonly chapter: string
  readonly answers: Readonly<Record<string, string>>
}

export type Route =
  | { readonly page: 'contents' }
  | { readonly page: 'words' }
  | RecallRoute
  | { readonly page: 'unknown'; readonly path: string }
  | ExerciseRoute

/** Reads the part of an address behind its `#`. Unknown parts are left out. */
export function readRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?')
  const [chapterId = '', exerciseId = '', stepName = 'predict', ...more] = path.split('/').filter(part => part !== '')
  if (chapterId === '') return { page: 'contents' }
  if (chapterId === 'words') return { page: 'words' }
  const chapter = outlines.find(({ id }) => id === chapterId)
  if (chapter && exerciseId === 'recall') {
    return { page: 'recall', chapter: chapterId, answers: Object.fromEntries(new URLSearchParams(query)) }
  }
  const exercise = exerciseId === '' ? chapter?.exercises[0] : chapter?.exercises.find(({ id }) => id === exerciseId)
  const step = steps.find(name => name === stepName)
  if (!exercise || !step || more.length > 0) return { page: 'unknown', path }
  const given = new URLSearchParams(query)
  return {
    page: 'exercise',
    chapter: chapterId,
    exercise: exercise.id,
    step,
    ...textOf(given, 'answer'),
    ...numberOf(given, 'at'),
    ...numberOf(given, 'entry'),
    ...textOf(given, 'run'),
  }
}

/** Returns the chapters that a page shows: for questions also the one before. */
export function chaptersOf(route: Route): string[] {
  if (route.page === 'exercise') return [route.chapter]
  if (route.page !== 'recall') return []
  const place = outlines.findIndex(({ id }) => id === route.chapter)
  return [place, place - 1].flatMap(one => outlines[one]?.id ?? [])
}

/** Returns the address of a state, with its `#`. */
export function addressOf(route: Route): string {
  if (route.page === 'contents') return '#/'
  if (route.page === 'words') return '#/words'
  if (route.page === 'recall') {
    const query = new URLSearchParams(route.answers).toString()
    return `#/${route.chapter}/recall${query && `?${query}`}`
  }
  if (route.page === 'unknown') return `#${route.path}`
  const { chapter, exercise, step, answer, at, entry, run } = route
  const members = Object.entries({ answer, at, entry, run }).filter(([, value]) => value !== undefined)
  const query = new URLSearchParams(members.map(([name, value]) => [name, String(value)])).toString()
  return `#/${chapter}/${exercise}/${step}${query && `?${query}`}`
}

function numberOf(given: URLSearchParams, name: 'at' | 'entry'): { at?: number; entry?: number } {
  const text = given.get(name)
  const value = Number(text)
  return text !== null && text !== '' && Number.isSafeInteger(value) && value >= 0 ? { [name]: value } : {}
}

function textOf(given: URLSearchParams, name: 'answer' | 'run'): { answer?: string; run?: string } {
  const text = given.get(name)
  return text ? { [name]: text } : {}
}
