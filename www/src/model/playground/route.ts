// The address of each state of the playground, behind the `#` of the page's own.
import { first, scenarioOf } from './scenarios.ts'

export interface Route {
  /** Identifier of the scenario, which may be of none. */
  readonly scenario: string
  /** True for the scenario without its mistake. */
  readonly isMended: boolean
  /** Moment that is looked at, in milliseconds; absent is the present. */
  readonly at?: number | undefined
  /** Entry of the trace that is selected. */
  readonly entry?: number | undefined
  /** Run of the visitor, as a world's link. */
  readonly run?: string | undefined
}

/** Reads the part of an address behind its `#`. Unknown parts are left out. */
export function readRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?')
  const [scenario = first.id, variant] = path.split('/').filter(part => part !== '')
  const given = new URLSearchParams(query)
  const run = given.get('run')
  return {
    scenario,
    isMended: variant === 'mended' && scenarioOf(scenario)?.bug !== undefined,
    at: numberOf(given.get('at')),
    entry: numberOf(given.get('entry')),
    ...(run ? { run } : {}),
  }
}

/** Returns the address of a state, with its `#`. */
export function addressOf({ scenario, isMended, at, entry, run }: Route): string {
  const members = Object.entries({ at, entry, run }).filter(([, value]) => value !== undefined)
  const query = new URLSearchParams(members.map(([name, value]) => [name, String(value)])).toString()
  return `#/${scenario}${isMended ? '/mended' : ''}${query && `?${query}`}`
}

function numberOf(text: string | null): number | undefined {
  const value = Number(text)
  return text !== null && text !== '' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
