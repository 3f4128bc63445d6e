import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PolicyDocument, policyOf } from '../../src/policy/normal-form.ts'
import type { PolicyStep, PolicyTarget } from '../../src/policy/policy-target.ts'
import { approvedSteps, exceedsApproval } from '../../src/rollout/deploy/approval.ts'
import { makePlan } from '../../src/rollout/deploy/plan-cluster.ts'

type Changes = Parameters<typeof approvedSteps>[0]

const pull = (...Resource: string[]): PolicyDocument =>
  policyOf([{ Effect: 'Allow', Action: ['cr:PullRepository'], Resource }])
const target: PolicyTarget = {
  policyName: 'p',
  document: pull('a', 'b'),
  purpose: 'test',
  roles: ['nodes'],
  adopt: false,
  phase: 'narrow',
}
const inRam = (...steps: readonly PolicyStep[]): Partial<Changes> => ({
  ram: [{ target, plan: { steps, diff: '', kept: [] } }],
})
const update = (before: PolicyDocument, after: PolicyDocument): PolicyStep => {
  return { do: 'update-policy', policy: 'p', version: 'v1', before, after }
}
const CREATE: PolicyStep = { do: 'create-policy', policy: 'p', document: pull('a', 'b') }
const ATTACH: PolicyStep = { do: 'attach', policy: 'p', role: 'nodes' }
const MORE = { title: 'ConfigMap n/c', change: 'change', diff: '- a\n+ b' } as const
const drifted = (live: unknown, drift: 'differs' | 'absent' | 'same' | 'unknown' = 'differs'): Partial<Changes> => ({
  dryRuns: [{ object: 'ConfigMap n/c', verdict: { verdict: 'accepted' }, drift, live }],
})

/**
 * Returns why an approval of `approved` does not allow `current`. The desired state is the same.
 */
function allows(approved: Partial<Changes>, current: Partial<Changes>): string {
  const none: Changes = { objects: [], dryRuns: [], status: 'deployed', namespaceExists: true, ram: [] }
  const steps = approvedSteps({ ...none, ...approved }).map(({ hash }) => hash)
  const now = approvedSteps({ ...none, ...current })
  return exceedsApproval({ digest: 'd', steps: now }, { digest: 'd', steps }) ?? 'allowed'
}

const more = (...titles: readonly string[]): string => `would change more than the approved plan: ${titles.join(', ')}`

for (const [title, approved, current, expected] of [
  ['the same changes', { objects: [MORE] }, { objects: [MORE] }, 'allowed'],
  ['what is done already', { objects: [MORE], ...drifted({ x: 1 }), ...inRam(CREATE, ATTACH) }, {}, 'allowed'],
  ['another change', {}, { objects: [MORE] }, more('ConfigMap n/c')],
  [
    'the same object changed otherwise',
    { objects: [MORE] },
    { objects: [{ ...MORE, diff: '- x\n+ b' }] },
    more('ConfigMap n/c'),
  ],
  [
    'an object that is made instead of changed',
    { objects: [MORE] },
    { objects: [{ ...MORE, change: 'add' }] },
    more('ConfigMap n/c'),
  ],
  ['the approved drift', drifted({ data: 1 }), drifted({ data: 1 }), 'allowed'],
  ['a drift from after the approval', {}, drifted({ data: 1 }), more('ConfigMap n/c (drift)')],
  ['another drift of the same object', drifted({ data: 1 }), drifted({ data: 2 }), more('ConfigMap n/c (drift)')],
  ['an object that was deleted after the approval', {}, drifted(undefined, 'absent'), more('ConfigMap n/c (drift)')],
  ['an object as it was applied', {}, drifted(undefined, 'same'), 'allowed'],
  ['a revision that failed after the approval', {}, { status: 'failed' }, more('the failed release')],
  ['a revision that had failed before', { status: 'failed' }, { status: 'failed' }, 'allowed'],
  ['a failed revision that was repaired', { status: 'failed' }, {}, 'allowed'],
  [
    'a release that was uninstalled after the approval',
    {},
    { status: undefined, namespaceExists: false },
    more('the namespace of the release'),
  ],
  ['a namespace that was made since', { status: undefined, namespaceExists: false }, { status: undefined }, 'allowed'],
  [
    'RAM widened by another cluster of the run',
    inRam(update(pull('old'), pull('a', 'b'))),
    inRam(update(pull('a', 'b', 'old'), pull('a', 'b'))),
    'allowed',
  ],
  [
    'a statement that was added to RAM by hand',
    inRam(update(pull('old'), pull('a', 'b'))),
    inRam(update(pull('old', 'hand'), pull('a', 'b'))),
    more('RAM: policy p'),
  ],
  [
    'a statement of the desired ones that was removed by hand',
    inRam(update(pull('a', 'b', 'old'), pull('a', 'b'))),
    inRam(update(pull('a', 'old'), pull('a', 'b'))),
    more('RAM: policy p'),
  ],
  [
    'a policy that another run has made a part of',
    inRam(CREATE, ATTACH),
    inRam(update(pull('a'), pull('a', 'b')), ATTACH),
    'allowed',
  ],
  [
    'a policy that was deleted after the approval',
    inRam(update(pull('a'), pull('a', 'b'))),
    inRam(CREATE),
    more('RAM: create policy p', 'RAM: policy p'),
  ],
  ['a policy that was detached after the approval', {}, inRam(ATTACH), more('RAM: attach policy p to role nodes')],
  [
    'a role that loses the policy',
    {},
    inRam({ do: 'detach', policy: 'p', role: 'old' }),
    more('RAM: detach policy p from role old'),
  ],
  [
    'a second policy with a part of the desired ones',
    inRam(update(pull('old'), pull('a', 'b'))),
    inRam(
      update(pull('old'), pull('a', 'b')),
      { do: 'detach', policy: 'p-next', role: 'nodes' },
      { do: 'delete-policy', policy: 'p-next', before: pull('b') },
    ),
    'allowed',
  ],
  [
    'a second policy with more',
    inRam(update(pull('old'), pull('a', 'b'))),
    inRam({ do: 'delete-policy', policy: 'p-next', before: pull('b', 'hand') }),
    more('RAM: policy p'),
  ],
  [
    'a role and its trust',
    inRam({ do: 'create-role', role: 'r', trust: pull('t') }),
    inRam({ do: 'update-trust', role: 'r', before: pull(), after: pull('t') }),
    'allowed',
  ],
  [
    'a principal that was added to a trust by hand',
    inRam({ do: 'create-role', role: 'r', trust: pull('t') }),
    inRam({ do: 'update-trust', role: 'r', before: pull('t', 'hand'), after: pull('t') }),
    more('RAM: role r'),
  ],
  [
    'the same grants to another role',
    inRam({ do: 'create-role', role: 'r', trust: pull('t') }),
    inRam({ do: 'update-trust', role: 's', before: pull(), after: pull('t') }),
    more('RAM: role s'),
  ],
  [
    'the record of other clusters',
    inRam({ do: 'record-members', policy: 'p', members: ['a'] }),
    inRam({ do: 'record-members', policy: 'p', members: ['a', 'b'] }),
    'allowed',
  ],
  [
    'a policy that is to be adopted',
    {},
    inRam({ do: 'adopt-policy', policy: 'p' }),
    more('RAM: mark policy p as managed by acr-nopass'),
  ],
] as const satisfies readonly (readonly [string, Partial<Changes>, Partial<Changes>, string])[]) {
  test(`an approved plan and ${title}: ${expected === 'allowed' ? 'applied' : 'refused'}`, () => {
    assert.equal(allows(approved, current), expected)
  })
}

test('an approved plan with another desired state is refused, even if it changes nothing', () => {
  assert.equal(
    exceedsApproval({ digest: 'x', steps: [] }, { digest: 'd', steps: [] }),
    'would deploy something other than the approved plan',
  )
})

test('if many changes were not approved, the first five are named', () => {
  const objects = [1, 2, 3, 4, 5, 6].map((number) => ({ ...MORE, title: `ConfigMap n/${number}` }))
  const first = [1, 2, 3, 4, 5].map((number) => `ConfigMap n/${number}`)
  assert.equal(allows({}, { objects }), `${more(...first)} and more`)
})

test('a plan names drift, the status of the newest revision and a missing namespace among its changes', async () => {
  const stepsOf = async (more: object): Promise<readonly string[]> => {
    const open = {
      cluster: { name: 'a', ram: 'none', settings: { access: { kind: 'kubeconfig' } } },
      context: { settings: { inputs: {}, clusters: [], selected: [] } },
      identity: { kubeSystemUid: 'u' },
      options: { forceConflicts: false },
      history: [{ revision: 1, status: 'deployed', updated: '' }],
      namespaceExists: true,
      deployed: undefined,
      dryRuns: [],
      desired: { chart: 'c-1.0.0', values: {}, objects: [], hooks: [] },
      ...more,
    }
    const { steps } = await makePlan(open as unknown as Parameters<typeof makePlan>[0])
    return steps.map(({ title }) => title)
  }
  assert.deepEqual(await stepsOf({}), [])
  assert.deepEqual(await stepsOf(drifted({ data: 1 })), ['ConfigMap n/c (drift)'])
  const history = [
    { revision: 1, status: 'deployed', updated: '' },
    { revision: 2, status: 'failed', updated: '' },
  ]
  assert.deepEqual(await stepsOf({ history }), ['the failed release'])
  assert.deepEqual(await stepsOf({ history: [], namespaceExists: false }), ['the namespace of the release'])
})
