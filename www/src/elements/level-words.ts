// The meaning of a level's verdict, in words.
import type { LevelVerdict, TopicVerdict } from '../model/filter-check.ts'

/** The sentence under a topic: why it matches, or which level decides that it does not. */
export function reasonOf({ matches, levels }: TopicVerdict): string {
  const last = levels.at(-1)
  if (!last) return ''
  if (!matches) return `Level ${levels.length}: ${levelWords(last)}`
  const wild = levels.filter(({ verdict }) => verdict !== 'equal')
  return wild.length === 0 ? 'Every level is the same.' : `Every level matches: ${wild.map(levelWords).join(' ')}`
}

/** One level in a sentence. */
export function levelWords({ filter, topic, verdict }: LevelVerdict): string {
  switch (verdict) {
    case 'equal':
      return `${shown(topic)} is the same in both.`
    case 'plus':
      return `+ takes any one level, here ${shown(topic)}.`
    case 'hash':
      return topic === undefined
        ? '# takes the level above it too.'
        : `# takes everything from here on, ${shown(topic)}.`
    case 'differs':
      return `the filter wants ${shown(filter)}, the topic has ${shown(topic)}.`
    case 'topic-ended':
      return `the filter wants ${shown(filter)}, but the topic has ended.`
    case 'filter-ended':
      return `the filter has ended, but the topic goes on with ${shown(topic)}.`
    case 'dollar-hidden':
      return `a wildcard in front does not match topics that begin with $, such as ${shown(topic)}.`
  }
}

/** A level as it is shown; an empty one must be seen too. */
export const shown = (level: string | undefined): string =>
  level === undefined ? '–' : level === '' ? '(empty)' : `“${level}”`
