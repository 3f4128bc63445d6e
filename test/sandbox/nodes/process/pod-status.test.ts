import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { V1ContainerState, V1ContainerStatus } from '@kubernetes/client-node'
import { type PodState, podStatus } from '../../../../sandbox/nodes/process/pod-status.ts'

const [early, late] = [new Date(1), new Date(2)]
const exited: V1ContainerState = { terminated: { exitCode: 0 } }
const running: V1ContainerState = { running: {} }
const waiting: V1ContainerState = { waiting: { reason: 'ContainerCreating' } }
function status(state: V1ContainerState, ready = false, restartCount = 0): V1ContainerStatus {
  return { name: 'c', image: '', imageID: '', ready, started: ready, restartCount, state, lastState: {} }
}
function facts(container: V1ContainerStatus, previous: PodState['previous'] = []): PodState {
  return { previous, podIp: '', startTime: early, container }
}

test("a Pod's phase is derived from its container", () => {
  const table: [string, PodState][] = [
    ['Pending', facts(status(waiting))],
    ['Running', facts(status(running))],
    ['Running', facts(status(waiting, false, 1))],
    ['Running', facts(status(exited))],
  ]
  for (const [phase, input] of table) assert.equal(podStatus(input, early).phase, phase)
})

test('a Pod is ready when its container is, and an unchanged condition keeps its transition time', () => {
  const first = podStatus(facts(status(running)), early)
  const ready = (of: typeof first) => of.conditions?.find(({ type }) => type === 'Ready')
  assert.deepEqual([ready(first)?.status, ready(first)?.reason], ['False', 'ContainersNotReady'])
  const second = podStatus(facts(status(running, true), first.conditions), late)
  assert.deepEqual([ready(second)?.status, ready(second)?.lastTransitionTime], ['True', late])
  assert.equal(second.conditions?.find(({ type }) => type === 'Initialized')?.lastTransitionTime, early)
})

test('a Pod that waits for its volumes is not ready to start containers', () => {
  const condition = (container: V1ContainerStatus): string | undefined =>
    podStatus(facts(container), early).conditions?.find(({ type }) => type === 'PodReadyToStartContainers')?.status
  assert.deepEqual([condition(status(waiting)), condition(status(running))], ['False', 'True'])
})
