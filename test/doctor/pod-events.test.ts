import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeContainer } from '../../src/doctor/pod/pull-outcome.ts'
import { addOwnEvents } from '../../src/doctor/read/pod-events.ts'
import { answeringReader } from './answering-reader.ts'
import { fixture, IMAGE, NOW, stuckPod } from './fixture.ts'

const HOUR = 3_600_000
const POD = stuckPod({
  createdAt: NOW - HOUR,
  containers: [{ name: 'app', image: IMAGE, waiting: 'ContainerCreating' }],
})

/** Returns doctor's verdict on a Pod that has been in creation for an hour, with this warning. */
async function judged(reason: string, minutesAgo: number, uid = POD.uid) {
  const event = {
    reason,
    type: 'Warning',
    message: 'why',
    lastTimestamp: new Date(NOW - minutesAgo * 60_000).toISOString(),
    metadata: {},
    involvedObject: { uid },
  }
  const { reader } = answeringReader(() => ({ metadata: {}, items: [event] }))
  const pod = await addOwnEvents(reader, POD, NOW)
  const [container] = pod.containers
  assert.ok(container)
  const { outcome } = judgeContainer(pod, container, fixture(), undefined)
  return [outcome.state, outcome.detail]
}

const UNKNOWN = [
  'unknown',
  'it waits as ContainerCreating for more than ten minutes, and nothing shows the reason: a pull may hang',
]

test('while a warning is repeated, its text is the reason why the Pod waits', async () => {
  const waits = 'waits for its turn (ContainerCreating); the last warning is FailedMount. The node says: why'
  assert.deepEqual(await judged('FailedMount', 3), ['waits', waits])
})

test('a warning of long ago, or from before the Pod had its node, is not the reason why the Pod waits now', async () => {
  assert.deepEqual(await judged('FailedMount', 30), UNKNOWN)
  // k8s.io/kubernetes 1.37.2, pkg/scheduler/schedule_one.go, handleSchedulingFailure.
  assert.deepEqual(await judged('FailedScheduling', 3), UNKNOWN)
})

test('a warning about another Pod is not the reason why the Pod waits', async () => {
  assert.deepEqual(await judged('FailedMount', 3, 'other'), UNKNOWN)
})
