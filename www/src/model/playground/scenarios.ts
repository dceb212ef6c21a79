// All scenarios of the playground.
import { deliveryBugs } from './bugs/delivery.ts'
import { sessionBugs } from './bugs/sessions.ts'
import { topicBugs } from './bugs/topics.ts'
import type { Scenario } from './scenario.ts'
import { starts } from './starts.ts'

export const bugs: readonly Scenario[] = [...deliveryBugs, ...sessionBugs, ...topicBugs]
export const scenarios: readonly Scenario[] = [...starts, ...bugs]
export const first = starts[0] as Scenario

export const scenarioOf = (id: string): Scenario | undefined => scenarios.find(scenario => scenario.id === id)
