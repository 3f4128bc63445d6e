import { type CallCounts, createCloudModel } from './cloud-model.ts'
import { createFleetCluster, type Rotation } from './fleet-cluster.ts'
import { createRandom, type FleetPlan } from './fleet-plan.ts'
import { createVirtualClock } from './virtual-clock.ts'

export interface FleetRun {
  readonly plan: FleetPlan
  readonly counts: CallCounts
  /** The rotations of all clusters, ordered by time. */
  readonly rotations: readonly Rotation[]
}

/** Runs a fleet on a virtual clock. The same plan gives the same run. */
export async function simulateFleet(plan: FleetPlan, signal?: AbortSignal): Promise<FleetRun> {
  const clock = createVirtualClock()
  const random = createRandom(plan.seed)
  const cloud = createCloudModel(plan, clock, random)
  const rotations: Rotation[] = []
  for (let index = 0; index < plan.clusters; index += 1) {
    const lives = plan.lives[index % plan.lives.length] ?? []
    const { limited = false } = plan
    const onRotation = (rotation: Rotation): void => void rotations.push(rotation)
    clock.after(random() * plan.startWithin, () => {
      clock.touch()
      createFleetCluster({ index, lives, limited, cloud, clock, random, onRotation }).lead(() => undefined)
    })
  }
  await clock.runTo(plan.length, signal)
  return { plan, counts: cloud.counts, rotations }
}
