// The chapters in their order.
import { connect } from './chapters/connect.ts'
import { keepAlive } from './chapters/keep-alive.ts'
import { mqtt5 } from './chapters/mqtt5.ts'
import { publishing } from './chapters/publish.ts'
import { qos } from './chapters/qos.ts'
import { retained } from './chapters/retained.ts'
import { sessions } from './chapters/sessions.ts'
import { wildcards } from './chapters/wildcards.ts'
import { will } from './chapters/will.ts'
import type { Concept } from './concepts.ts'
import type { Chapter, Exercise } from './exercise.ts'

export const chapters: readonly Chapter[] = [
  connect,
  publishing,
  wildcards,
  qos,
  sessions,
  retained,
  keepAlive,
  will,
  mqtt5,
]

export const exercises: readonly Exercise[] = chapters.flatMap(chapter => chapter.exercises)

/** Returns the exercise that teaches a concept, with its chapter. */
export function teacherOf(concept: Concept): { chapter: Chapter; exercise: Exercise } | undefined {
  for (const chapter of chapters) {
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
