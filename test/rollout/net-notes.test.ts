import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PolicyDocument } from '../../src/policy/normal-form.ts'
import type { PolicyStep } from '../../src/policy/policy-target.ts'
import { newRun } from '../../src/rollout/cluster/cluster-run.ts'
import type { ClusterResult } from '../../src/rollout/cluster-result.ts'
import { countObjects } from '../../src/rollout/deploy/count-objects.ts'
import { withNetNotes } from '../../src/rollout/ram/net-notes.ts'
import { describeOutputs } from '../../src/rollout/report/outputs.ts'

const pull = (...names: readonly string[]): PolicyDocument => ({
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: ['cr:PullRepository'], Resource: names }],
})
const ramSteps: readonly PolicyStep[] = [
  { do: 'update-policy', policy: 'p', before: pull('old'), after: pull('new', 'old') },
  { do: 'update-policy', policy: 'p', before: pull('new', 'old'), after: pull('new') },
]
const result: ClusterResult = {
  name: 'a',
  wave: 0,
  status: 'deployed',
  ...newRun(),
  startedMs: 0,
  durationMs: 1,
  notes: [
    'RAM: update policy p',
    'RAM: nothing to change',
    'registries: prod live',
    'RAM: update policy p',
    'RAM: kept q',
  ],
  ramSteps,
}

test('an apply reports the net result in RAM once, however many steps and phases led to it', () => {
  assert.deepEqual(withNetNotes(result).notes, [
    'RAM: policy p: gains cr:PullRepository on new; loses cr:PullRepository on old',
    'registries: prod live',
    'RAM: kept q',
  ])
})

test('after a failure the report says that RAM keeps what this run changed', () => {
  assert.deepEqual(
    withNetNotes({ ...result, status: 'rolled-back', ramSteps: ramSteps.slice(0, 1) }).notes.slice(0, 2),
    [
      'RAM: policy p: gains cr:PullRepository on new',
      'RAM: these permissions stay until a run succeeds, because a running helper may need them',
    ],
  )
})

test('without a change of RAM the notes stay as they are', () => {
  const { ramSteps: _, ...unchanged } = { ...result, notes: ['RAM: nothing to change'] }
  assert.deepEqual(withNetNotes(unchanged).notes, ['RAM: nothing to change'])
})

test('the outputs of the action stay small: they hold neither the plan nor the documents of RAM', () => {
  const plan = [{ change: 'add', title: 't', diff: 'd' }] as const
  const overview = { ram: [], kubernetes: [], verify: 'v' }
  const [shown] = describeOutputs([], [{ ...result, plan, overview, steps: ['s'] }]).results
  assert.deepEqual(Object.keys(shown ?? {}).sort(), [
    'chart',
    'durationMs',
    'name',
    'notes',
    'phase',
    'revision',
    'startedMs',
    'status',
    'wave',
  ])
})

test('few objects are named, many are counted by kind; hooks and drift are marked', () => {
  const change = (kind: 'add' | 'change' | 'remove', ...titles: readonly string[]) =>
    titles.map((title) => ({ change: kind, title }))
  assert.deepEqual(
    countObjects([
      ...change('remove', 'Role n/r'),
      ...change('change', 'Deployment n/a', 'ConfigMap n/b (drift)', 'Job n/c (hook)'),
      ...change('add', 'Role n/a', 'Job n/b (hook)', 'Role n/c', 'ClusterRole d'),
    ]),
    [
      '+ 4 to create: 2 Role, Job (hook), ClusterRole',
      '~ 3 to change: Deployment n/a, ConfigMap n/b (drift), Job n/c (hook)',
      '- 1 to delete: Role n/r',
    ],
  )
  assert.deepEqual(countObjects([]), [])
})
