// All words of the tutorial, in English.
import type { Catalogue } from '../types.ts'
import { actions } from './actions.ts'
import { beliefs, concepts } from './beliefs.ts'
import { connect } from './connect.ts'
import { keepAlive } from './keep-alive.ts'
import { mqtt5 } from './mqtt5.ts'
import { page } from './page.ts'
import { publish } from './publish.ts'
import { qos } from './qos.ts'
import { retained } from './retained.ts'
import { sessions } from './sessions.ts'
import { wildcards } from './wildcards.ts'
import { will } from './will.ts'
import { words } from './words.ts'

export const english: Catalogue = {
  language: 'en',
  chapters: { connect, publish, wildcards, qos, sessions, retained, 'keep-alive': keepAlive, will, mqtt5 },
  concepts,
  beliefs,
  words,
  actions,
  page,
}
