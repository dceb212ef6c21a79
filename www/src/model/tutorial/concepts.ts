// Concepts of the syllabus, in the order in which they are taught.

export const concepts = [
  'connect',
  'publish',
  'topic',
  'plus',
  'hash',
  'qos-0',
  'qos-1',
  'qos-2',
  'qos-hop',
  'session',
  'retained',
  'retained-clear',
  'half-open',
  'will',
  'will-kept',
  'will-delay',
  'expiry',
] as const

export type Concept = (typeof concepts)[number]
