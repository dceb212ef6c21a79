// The chapters, each loaded when it is shown.
import type { Chapter } from '../exercise.ts'

const chapters: Readonly<Record<string, () => Promise<Chapter>>> = {
  connect: async () => (await import('./connect.ts')).connect,
  publish: async () => (await import('./publish.ts')).publishing,
  wildcards: async () => (await import('./wildcards.ts')).wildcards,
  qos: async () => (await import('./qos.ts')).qos,
  sessions: async () => (await import('./sessions.ts')).sessions,
  retained: async () => (await import('./retained.ts')).retained,
  subscriptions: async () => (await import('./subscriptions.ts')).subscriptions,
  'keep-alive': async () => (await import('./keep-alive.ts')).keepAlive,
  will: async () => (await import('./will.ts')).will,
  mqtt5: async () => (await import('./mqtt5.ts')).mqtt5,
  operating: async () => (await import('./operating.ts')).operating,
}

/** Loads a chapter. */
export const loadChapter = (id: string): Promise<Chapter> =>
  chapters[id]?.() ?? Promise.reject(new Error(`there is no chapter ${id}`))
