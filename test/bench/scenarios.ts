import { admission } from './scenarios/admission.ts'
import { coldStart } from './scenarios/cold-start.ts'
import { fleet } from './scenarios/fleet.ts'
import { fleetRollout } from './scenarios/fleet-rollout.ts'
import { newNamespaces } from './scenarios/new-namespaces.ts'
import { otherWriters } from './scenarios/other-writers.ts'
import { scale } from './scenarios/scale.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { startUp } from './scenarios/start-up.ts'
import { steady } from './scenarios/steady.ts'

/** In the order of the page. */
export const SCENARIOS: readonly Scenario[] = [
  newNamespaces,
  admission,
  coldStart,
  otherWriters,
  steady,
  startUp,
  fleetRollout,
  scale,
  fleet,
]
