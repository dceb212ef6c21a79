// A scenario of the playground: a world, what is done in it, and what its text points at.
import type { WorldOptions } from 'wasmqtt/simulator'
import type { Find, Point } from '../tutorial/exercise.ts'
import type { Script } from '../tutorial/script.ts'

/** A run from its beginning. */
export interface Beginning {
  readonly world: WorldOptions
  readonly script: Script
}

/** A run that shows something that goes wrong in the wild, and the run without the mistake. */
export interface Bug {
  /** Entry at which it goes wrong. The mended run has none. */
  readonly harm: Find
  readonly mended: Beginning
}

export interface Scenario extends Beginning {
  readonly id: string
  /** Entries that the text points at, in their order. */
  readonly points: readonly Point[]
  readonly bug?: Bug
}
