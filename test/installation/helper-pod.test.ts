import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeHelperPod } from '../../src/installation/helper-pod.ts'
import { findCauses } from '../../src/installation/release-causes.ts'
import type { ContainerStatus, PodObject } from '../../src/kube/types.ts'

const running: ContainerStatus = {
  name: 'helper',
  image: 'helper:1',
  ready: true,
  restartCount: 0,
  state: { running: {} },
}
const waitingFor = (name: string, reason: string, message?: string): ContainerStatus => ({
  name,
  image: `${name}:1`,
  ready: false,
  restartCount: 0,
  state: { waiting: { reason, ...(message && { message }) } },
})
const crashed = (name: string, restartCount: number): ContainerStatus => ({
  ...waitingFor(name, 'CrashLoopBackOff'),
  restartCount,
  lastState: { terminated: { exitCode: 1, message: '{"code":"HELPER_CONFIG_INVALID","msg":"bad config"}' } },
})

function causesOf(containerStatuses: ContainerStatus[], initContainerStatuses: ContainerStatus[] = []) {
  const pod = { metadata: { name: 'p' }, status: { containerStatuses, initContainerStatuses } } as unknown as PodObject
  const pods = [describeHelperPod(pod)]
  const found = findCauses({ namespace: 'acr', pods, status: undefined, configHash: undefined, ramChanged: false })
  return found.map(({ patienceMs, error }) => [patienceMs, error.message])
}

test("the helper's container is found by its name, wherever the kubelet lists it", () => {
  const proxy = { ...running, name: 'a-proxy' }
  assert.deepEqual(causesOf([proxy, crashed('helper', 3)]), [
    [0, 'Pod acr/p ended 3 times with exit code 1: bad config'],
  ])
  assert.deepEqual(causesOf([proxy, running]), [])
})

test("a container that the chart does not have is named, and its log is not read as the helper's", () => {
  assert.deepEqual(causesOf([crashed('a-proxy', 5), running]), [
    [Number.POSITIVE_INFINITY, 'Container a-proxy of Pod acr/p ended 5 times with exit code 1'],
  ])
  assert.deepEqual(
    causesOf([waitingFor('helper', 'PodInitializing')], [waitingFor('mesh-init', 'ErrImagePull', 'no')]),
    [[Number.POSITIVE_INFINITY, 'Container mesh-init of Pod acr/p does not start: ErrImagePull (mesh-init:1): no']],
  )
})

test('a crash of the helper is reported before that of an added container', () => {
  assert.deepEqual(causesOf([crashed('a-proxy', 9), crashed('helper', 4)]), [
    [0, 'Pod acr/p ended 4 times with exit code 1: bad config'],
  ])
})

test("the helper's own crash is reported although a native sidecar runs, was restarted, and is not ready yet", () => {
  const sidecar = { ...running, name: 'mesh', ready: false, restartCount: 1 }
  assert.deepEqual(causesOf([crashed('helper', 4)], [sidecar]), [
    [0, 'Pod acr/p ended 4 times with exit code 1: bad config'],
  ])
})

test('a native sidecar that crashes is named, although all main containers are ready', () => {
  assert.deepEqual(causesOf([running], [crashed('mesh', 5)]), [
    [Number.POSITIVE_INFINITY, 'Container mesh of Pod acr/p ended 5 times with exit code 1'],
  ])
})

test('a helper that works again after three restarts does not end a rollout while another container starts', () => {
  const recovered = { ...running, restartCount: 3, lastState: { terminated: { exitCode: 1 } } }
  assert.deepEqual(causesOf([recovered, waitingFor('mesh', 'ContainerCreating')]), [])
})

test('an added container that certainly stops the Pod is named before a helper that runs and is not ready yet', () => {
  const restarted = { ...running, ready: false, restartCount: 4 }
  assert.deepEqual(causesOf([restarted, waitingFor('mesh', 'ImagePullBackOff', 'no')]), [
    [Number.POSITIVE_INFINITY, 'Container mesh of Pod acr/p does not start: ImagePullBackOff (mesh:1): no'],
  ])
})

test('the newest exit of a container is shown, not the exit before it', () => {
  const [first, second] = [{ exitCode: 1 }, { exitCode: 137 }]
  const ended = { ...crashed('helper', 3), state: { terminated: second }, lastState: { terminated: first } }
  assert.deepEqual(causesOf([ended]), [[0, 'Pod acr/p ended 3 times with exit code 137']])
})

test('an init container that has ended, or that still works, is not a cause', () => {
  const done = { name: 'init', restartCount: 2, state: { terminated: { exitCode: 0 } } }
  const working = { name: 'init', restartCount: 0, state: { running: {} } }
  for (const init of [done, working]) assert.deepEqual(causesOf([waitingFor('helper', 'PodInitializing')], [init]), [])
})

test('the fix for an added container names the values that keep it away, and its log', () => {
  const pod = { metadata: { name: 'p' }, status: { containerStatuses: [crashed('a-proxy', 5), running] } }
  const pods = [describeHelperPod(pod as unknown as PodObject)]
  const [cause] = findCauses({ namespace: 'acr', pods, status: undefined, configHash: undefined, ramChanged: false })
  assert.equal(
    cause?.error.hint,
    'The helper has no such container: a webhook, such as that of a service mesh, may have added it. Fix it there, or exclude the helper with `podAnnotations` or `podLabels` in the values. `kubectl logs p -c a-proxy -n acr --previous` shows why.',
  )
})
