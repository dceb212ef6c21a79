// All words of the tutorial, in English. Those of a chapter are loaded when it is shown.
import type { Catalogue, ChapterText } from '../types.ts'
import { actions } from './actions.ts'
import { beliefs, concepts } from './beliefs.ts'
import { page } from './page.ts'
import { titles } from './titles.ts'
import { words } from './words.ts'

const chapters: Readonly<Record<string, () => Promise<ChapterText>>> = {
  connect: async () => (await import('./connect.ts')).connect,
  publish: async () => (await import('./publish.ts')).publish,
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

export const english: Catalogue = {
  language: 'en',
  titles,
  loadChapter: id => chapters[id]?.() ?? Promise.reject(new Error(`there is no chapter ${id}`)),
  concepts,
  beliefs,
  words,
  actions,
  page,
}
