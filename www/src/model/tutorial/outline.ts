// The syllabus: chapters and exercises in their order, what each teaches, and what it builds on.
import type { Concept } from './concepts.ts'

export interface ExerciseOutline {
  readonly id: string
  readonly teaches: Concept
  /** Concepts that it builds on. */
  readonly needs: readonly Concept[]
}

export interface ChapterOutline {
  readonly id: string
  readonly exercises: readonly ExerciseOutline[]
}

export const outlines: readonly ChapterOutline[] = [
  {
    id: 'connect',
    exercises: [
      { id: 'greeting', teaches: 'connect', needs: [] },
      { id: 'credentials', teaches: 'credentials', needs: ['connect'] },
    ],
  },
  {
    id: 'publish',
    exercises: [
      { id: 'through', teaches: 'publish', needs: ['connect'] },
      { id: 'names', teaches: 'topic', needs: ['publish'] },
    ],
  },
  {
    id: 'wildcards',
    exercises: [
      { id: 'plus', teaches: 'plus', needs: ['topic'] },
      { id: 'hash', teaches: 'hash', needs: ['plus'] },
      { id: 'levels', teaches: 'topic-design', needs: ['plus'] },
      { id: 'dollar', teaches: 'dollar', needs: ['hash'] },
    ],
  },
  {
    id: 'qos',
    exercises: [
      { id: 'at-most-once', teaches: 'qos-0', needs: ['publish'] },
      { id: 'at-least-once', teaches: 'qos-1', needs: ['qos-0'] },
      { id: 'exactly-once', teaches: 'qos-2', needs: ['qos-1'] },
      { id: 'by-hop', teaches: 'qos-hop', needs: ['qos-2'] },
      { id: 'order', teaches: 'order', needs: ['qos-2'] },
      { id: 'cost', teaches: 'cost', needs: ['qos-2'] },
      { id: 'idempotent', teaches: 'idempotent', needs: ['qos-1'] },
    ],
  },
  {
    id: 'sessions',
    exercises: [
      { id: 'session', teaches: 'session', needs: ['qos-1'] },
      { id: 'clean-start', teaches: 'clean-start', needs: ['session'] },
      { id: 'bounds', teaches: 'bounds', needs: ['session'] },
    ],
  },
  {
    id: 'retained',
    exercises: [
      { id: 'last-value', teaches: 'retained', needs: ['publish'] },
      { id: 'ghost', teaches: 'retained-clear', needs: ['retained'] },
    ],
  },
  {
    id: 'subscriptions',
    exercises: [
      { id: 'overlap', teaches: 'overlap', needs: ['hash', 'qos-hop'] },
      { id: 'shared', teaches: 'shared', needs: ['qos-1'] },
      { id: 'echo', teaches: 'no-local', needs: ['hash'] },
      { id: 'handling', teaches: 'retain-handling', needs: ['retained'] },
      { id: 'as-published', teaches: 'retain-as-published', needs: ['retained', 'no-local'] },
    ],
  },
  {
    id: 'keep-alive',
    exercises: [
      { id: 'half-open', teaches: 'half-open', needs: ['connect'] },
      { id: 'proxy', teaches: 'idle-proxy', needs: ['half-open'] },
      { id: 'takeover', teaches: 'takeover', needs: ['session', 'half-open'] },
    ],
  },
  {
    id: 'will',
    exercises: [
      { id: 'last-will', teaches: 'will', needs: ['half-open', 'publish'] },
      { id: 'parting', teaches: 'will-kept', needs: ['will'] },
      { id: 'delayed', teaches: 'will-delay', needs: ['will', 'session'] },
    ],
  },
  {
    id: 'mqtt5',
    exercises: [
      { id: 'expiry', teaches: 'expiry', needs: ['session'] },
      { id: 'limits', teaches: 'limits', needs: ['qos-1'] },
      { id: 'aliases', teaches: 'aliases', needs: ['topic'] },
      { id: 'flow', teaches: 'flow', needs: ['qos-1'] },
      { id: 'reasons', teaches: 'reasons', needs: ['qos-1'] },
      { id: 'properties', teaches: 'properties', needs: ['publish'] },
      { id: 'request', teaches: 'request', needs: ['properties'] },
      { id: 'versions', teaches: 'versions', needs: ['session'] },
    ],
  },
  {
    id: 'operating',
    exercises: [
      { id: 'sys', teaches: 'sys', needs: ['dollar'] },
      { id: 'stream', teaches: 'stream', needs: ['publish'] },
      { id: 'bytes', teaches: 'bytes', needs: ['publish'] },
      { id: 'restart', teaches: 'restart', needs: ['session'] },
      { id: 'room', teaches: 'room', needs: ['session', 'will'] },
      { id: 'debug', teaches: 'debug', needs: ['qos-2', 'retained'] },
    ],
  },
]

export const exerciseOutlines: readonly ExerciseOutline[] = outlines.flatMap(({ exercises }) => exercises)

/** Returns the exercise that teaches a concept, with its chapter. */
export function teacherOf(concept: Concept): { chapter: ChapterOutline; exercise: ExerciseOutline } | undefined {
  for (const chapter of outlines) {
    const exercise = chapter.exercises.find(({ teaches }) => teaches === concept)
    if (exercise) return { chapter, exercise }
  }
  return undefined
}

/** Returns a concept, and all that it builds on. */
export function closureOf(concept: Concept): Set<Concept> {
  const found = new Set<Concept>([concept])
  for (const known of found) for (const needed of teacherOf(known)?.exercise.needs ?? []) found.add(needed)
  return found
}
