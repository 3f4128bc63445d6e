import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerState, ContainerStatus, Pod } from '../../../../src/sandbox/cluster/pod.ts'
import { type PodState, podStatus } from '../../../../src/sandbox/nodes/process/pod-status.ts'

const exited = (exitCode: number): ContainerState => ({
  terminated: {
    exitCode,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    startedAt: '',
    finishedAt: '',
    containerID: '',
  },
})
const running: ContainerState = { running: { startedAt: '' } }
const waiting: ContainerState = { waiting: { reason: 'ContainerCreating' } }
function status(state: ContainerState, ready = false, restartCount = 0): ContainerStatus {
  return { name: 'c', image: '', imageID: '', ready, started: ready, restartCount, state, lastState: {} }
}
function facts(
  containers: ContainerStatus[],
  policy: Pod['spec']['restartPolicy'],
  more: Partial<PodState> = {},
): PodState {
  const metadata = { name: 'p', namespace: 'n', uid: 'u', resourceVersion: '1' }
  const pod: Pod = { metadata, spec: { containers: [], ...(policy && { restartPolicy: policy }) } }
  return { pod, previous: [], podIp: '', hostIp: '', startTime: '', containers, ...more }
}

test("a Pod's phase is derived from its containers and its restart policy", () => {
  const table: [string, PodState][] = [
    ['Pending', facts([status(waiting)], 'Always')],
    ['Running', facts([status(running)], 'Always')],
    ['Running', facts([status(waiting, false, 1)], 'Always')],
    ['Running', facts([status(exited(0))], 'Always')],
    ['Succeeded', facts([status(exited(0))], 'OnFailure')],
    ['Running', facts([status(exited(1))], 'OnFailure')],
    ['Succeeded', facts([status(exited(0)), status(exited(0))], 'Never')],
    ['Failed', facts([status(exited(0)), status(exited(1))], 'Never')],
    ['Running', facts([status(exited(0)), status(running)], 'Never')],
  ]
  for (const [phase, input] of table) assert.equal(podStatus(input, 'now').phase, phase)
})

test('a Pod is ready when all its containers are, and an unchanged condition keeps its transition time', () => {
  const first = podStatus(facts([status(running, true), status(running)], 'Always'), 'early')
  const ready = (of: typeof first) => of.conditions.find(({ type }) => type === 'Ready')
  assert.deepEqual([ready(first)?.status, ready(first)?.reason], ['False', 'ContainersNotReady'])
  const second = podStatus(facts([status(running, true)], 'Always', { previous: first.conditions }), 'late')
  assert.deepEqual([ready(second)?.status, ready(second)?.lastTransitionTime], ['True', 'late'])
  assert.equal(second.conditions.find(({ type }) => type === 'Initialized')?.lastTransitionTime, 'early')
})

test('a Pod that waits for its volumes is not ready to start containers', () => {
  const condition = (containers: ContainerStatus[]): string | undefined =>
    podStatus(facts(containers, 'Always'), 'now').conditions.find(({ type }) => type === 'PodReadyToStartContainers')
      ?.status
  assert.deepEqual([condition([status(waiting)]), condition([status(waiting), status(running)])], ['False', 'True'])
})
