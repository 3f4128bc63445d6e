import type { Scenario } from './scenario.ts'
import { coldStart } from './scenarios/cold-start.ts'
import { earlyPods } from './scenarios/early-pods.ts'
import { fleet } from './scenarios/fleet.ts'
import { fleetCheck } from './scenarios/fleet-check.ts'
import { fleetRollout } from './scenarios/fleet-rollout.ts'
import { admission, newNamespaces } from './scenarios/new-namespaces.ts'
import { otherWriters } from './scenarios/other-writers.ts'
import { provider } from './scenarios/provider.ts'
import { scale } from './scenarios/scale.ts'
import { startUp } from './scenarios/start-up.ts'
import { steady } from './scenarios/steady.ts'

/** In the order of the page. */
export const SCENARIOS: readonly Scenario[] = [
  earlyPods,
  newNamespaces,
  admission,
  coldStart,
  otherWriters,
  steady,
  startUp,
  provider,
  fleetRollout,
  fleetCheck,
  scale,
  fleet,
]
