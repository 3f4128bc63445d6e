import { coldStart } from './scenarios/cold-start.ts'
import { newNamespaces } from './scenarios/new-namespaces.ts'
import type { Scenario } from './scenarios/scenario.ts'

/** In the order of the page. */
export const SCENARIOS: readonly Scenario[] = [newNamespaces, coldStart]
