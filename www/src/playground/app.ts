// The application, as a part of the playground knows it.
import type * as Simulator from 'wasmqtt/simulator'
import type { FormName } from '../model/playground/actions.ts'
import type { Variant } from '../model/playground/comparison.ts'
import type { Member } from '../model/playground/roster.ts'
import type { Route } from '../model/playground/route.ts'
import type { Scenario } from '../model/playground/scenario.ts'
import type { Facts } from '../model/tutorial/facts.ts'
import type { Stage } from '../model/tutorial/stage.ts'
import type { PlaygroundCatalogue } from '../texts/playground-types.ts'

/** Result of the comparison of a run. */
export type Comparison =
  | { readonly type: 'done'; readonly variants: readonly Variant[] }
  | { readonly type: 'failed'; readonly problem: string }

export interface App {
  readonly texts: PlaygroundCatalogue
  readonly route: Route
  readonly scenario: Scenario
  /** The simulator's module, once it is there. */
  readonly simulator: typeof Simulator | undefined
  readonly stage: Stage | undefined
  /** Why the world could not be started. */
  readonly failure: string | undefined
  /** Why the last action was refused. */
  readonly refusal: string | undefined
  /** News of what was done last, or could not be opened. */
  readonly notice: string | undefined
  /** State of all actors at the moment that is drawn. */
  readonly snapshot: Simulator.Snapshot | undefined
  /** Clients that are not removed, at the moment that is drawn. */
  readonly roster: readonly Member[]
  /** The client that the forms act for. */
  readonly member: Member | undefined
  /** True while time stands still because the visitor wants so. */
  readonly isHeld: boolean
  /** True while the visitor chooses what happens next. */
  readonly isNetwork: boolean
  readonly comparison: Comparison | undefined
  choose(client: string): void
  submit(form: FormName, data: FormData): void
  remove(client: string): void
  /** Makes a pending event the next. */
  pick(index: number): void
  takeOver(isNetwork: boolean): void
  /** Lets time pass again. */
  play(): void
  /** Does something with the clock, which then stands still until it is let go. */
  hold(does: () => void): void
  compare(isOpen: boolean): void
  select(index: number | undefined): void
  go(route: Route): void
  startAgain(): void
  /** Begins the scenario anew, in a world with other options. */
  remake(data: FormData): void
  /** Bytes of the selected packet that were typed over. */
  readonly typed: Uint8Array | undefined
  /** Keeps bytes that were typed, and puts them into the form of the chosen client. */
  type(bytes: Uint8Array): void
  /** Tells the visitor of something that is done. */
  tell(notice: string): void
  facts(): Facts | undefined
  say(name: string, values?: Readonly<Record<string, string | number>>): string
}
