import { Worker } from 'node:worker_threads'
import { callsAfter, type FleetFigures, readFigures } from './fleet-figures.ts'
import { type FleetPlan, HOUR } from './fleet-plan.ts'
import { rotationsAnHour } from './fleet-plans.ts'
import { simulateFleet } from './simulate-fleet.ts'

/** The published part of a run; small enough to be passed from one thread to another. */
export interface FleetSummary {
  readonly figures: FleetFigures
  readonly calls: number
  readonly rotations: number
  /** By the lists of lifetimes of the plan. */
  readonly rotationsAnHour: readonly number[]
  /** Calls relative to the mean in the hours after the start and after the outage began. */
  readonly afterStart: Line
  readonly afterOutage: Line
}

type Line = readonly (readonly [hours: number, times: number])[]

export interface FleetRequest {
  readonly plan: FleetPlan
  /** The lifetime of the longest-lived token, in milliseconds. */
  readonly life: number
  /** Where a line is cut off, in multiples of the mean. */
  readonly most: number
}

const HOURS = 6

export async function summarizeFleet({ plan, life, most }: FleetRequest): Promise<FleetSummary> {
  const run = await simulateFleet(plan)
  const figures = readFigures(run, life)
  const line = (from: number): Line => callsAfter(run, figures, from, HOURS * HOUR, most)
  return {
    figures,
    calls: run.counts.requests.reduce((sum, one) => sum + one, 0),
    rotations: run.rotations.length,
    rotationsAnHour: rotationsAnHour(run),
    afterStart: line(0),
    afterOutage: plan.outage ? line(plan.outage.from) : [],
  }
}

/** The same on a separate thread. */
export async function summarizeInThread(request: FleetRequest, signal: AbortSignal): Promise<FleetSummary> {
  signal.throwIfAborted()
  const worker = new Worker(new URL('fleet-thread.ts', import.meta.url), { workerData: request })
  const end = (): void => void worker.terminate()
  signal.addEventListener('abort', end, { once: true })
  try {
    return await new Promise<FleetSummary>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', () => reject(signal.reason ?? new Error('a thread of the simulation ended early')))
    })
  } finally {
    signal.removeEventListener('abort', end)
  }
}
