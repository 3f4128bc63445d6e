import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { checkFiles } from '../../src/init/check-files.ts'
import { collectNotes } from '../../src/init/collect-notes.ts'
import { decideIdentity, givenIdentity, type IdentityType } from '../../src/init/decide-identity.ts'
import { draftFiles } from '../../src/init/draft.ts'
import type { ClusterFacts, InstanceFacts } from '../../src/init/facts.ts'
import { nextCommand } from '../../src/init/next-command.ts'
import { renderClusters, renderValues } from '../../src/init/render-values.ts'
import { renderWorkflow } from '../../src/init/render-workflow.ts'

const id = (digit: string): string => `c${digit.repeat(32)}`
const facts = (digit: string, more: Partial<ClusterFacts> = {}): ClusterFacts => ({
  clusterId: id(digit),
  name: `cluster-${digit}`,
  region: 'cn-hangzhou',
  kind: 'managed',
  state: 'running',
  detail: { vpcId: 'vpc-1', hasPublicEndpoint: true, rrsa: { enabled: true, issuers: '', oidcProviderArn: '' } },
  addon: undefined,
  ...more,
})
const INSTANCE: InstanceFacts = {
  instanceId: 'cri-abc123',
  name: 'shop',
  region: 'cn-hangzhou',
  status: 'RUNNING',
  endpoints: [{ type: 'vpc', enabled: true, domains: [{ domain: 'a.example.com', custom: false }], vpcIds: ['vpc-1'] }],
}
const HOSTILE = 'x\n  evil: true # \u001b[31m\u202e::error::'

function render(
  clusters: readonly ClusterFacts[],
  options: { readonly instances?: readonly InstanceFacts[]; readonly identities?: readonly IdentityType[] } = {},
) {
  const { instances = [INSTANCE], identities = [] } = options
  const draft = draftFiles({
    accountId: '1427736501988243',
    clusters: clusters.map((one, index) => {
      const type = identities[index]
      return { facts: one, identity: type ? givenIdentity(type) : (decideIdentity(one) ?? assert.fail()) }
    }),
    instances,
    repositories: ['shop/*'],
  })
  const files = {
    values: renderValues(draft),
    clusters: renderClusters(draft),
    workflow: renderWorkflow(draft, draft.accountId ?? ''),
  }
  const check = (): void =>
    checkFiles({ name: 'values.yaml', text: files.values }, { name: 'clusters.yaml', text: files.clusters }, false)
  return { draft, files, check }
}

test('the common identity is that of most clusters, and the others have their own', () => {
  const { files, check } = render([facts('1'), facts('2'), facts('3')], {
    identities: ['worker-role', 'rrsa', 'worker-role'],
  })
  check()
  assert.deepEqual(parse(files.values).identity, { type: 'worker-role' })
  const own = parse(files.clusters).map(({ values }: { values?: { identity?: object } }) => values?.identity)
  assert.deepEqual(own, [undefined, { type: 'rrsa' }, undefined])
})

test('an AccessKey is common only if every cluster needs it, so no other cluster gets its key', () => {
  const mixed = render([facts('1'), facts('2'), facts('3')], { identities: ['access-key', 'access-key', 'rrsa'] })
  mixed.check()
  assert.deepEqual(parse(mixed.files.values).identity, { type: 'rrsa' })
  const all = render([facts('1'), facts('2')], { identities: ['access-key', 'access-key'] })
  all.check()
  assert.deepEqual(parse(all.files.values).identity, {
    type: 'access-key',
    accessKey: { existingSecret: 'acr-nopass-key' },
  })
})

test('a name that the cloud returns is one line of the files, without control characters, and cannot add a key', () => {
  const { files, check, draft } = render(
    [facts('1', { name: HOSTILE, addon: HOSTILE }), facts('2', { name: HOSTILE })],
    {
      instances: [
        {
          ...INSTANCE,
          name: HOSTILE,
          endpoints: [{ type: 'vpc', enabled: true, domains: [{ domain: HOSTILE, custom: true }] }],
        },
      ],
    },
  )
  check()
  for (const text of Object.values(files)) {
    assert.ok(!text.includes('\u001b') && !text.includes('\u202e'))
    assert.doesNotMatch(text, /^ *evil/m)
  }
  assert.deepEqual(Object.keys(parse(files.values)), ['registries', 'identity', 'region'])
  assert.deepEqual(
    draft.clusters.map(({ name }) => name),
    ['x-evil-true-31m-error', 'x-evil-true-31m-error-22222222'],
  )
})

test('an id or a region that no file may hold is refused before anything is written', () => {
  for (const wrong of [facts('1', { clusterId: HOSTILE }), facts('1', { region: HOSTILE })]) {
    assert.throws(() => render([wrong, facts('2')]).check(), { code: 'INIT_REFUSED' })
  }
  const instances = [{ ...INSTANCE, instanceId: 'cri-A b' }]
  assert.throws(() => render([facts('1'), facts('2')], { instances }).check(), { code: 'INIT_REFUSED' })
})

test('texts that YAML reads as another type stay texts', () => {
  const { files } = render([facts('1', { name: 'on' }), facts('2', { name: '1e3' })])
  assert.deepEqual(
    parse(files.clusters, { version: '1.1' }).map(({ name }: { name: unknown }) => name),
    ['on', '1e3'],
  )
})

test('the next command quotes what it names, and is omitted if it cannot', () => {
  const { draft } = render([facts('1')])
  assert.equal(
    nextCommand(draft, (name) => `a b/${name}`),
    `plan --ack-cluster-id ${id('1')} --region cn-hangzhou -f 'a b/values.yaml'`,
  )
  assert.equal(
    nextCommand(draft, () => 'a\nb'),
    undefined,
  )
})

test('an instance whose VPC domain a cluster cannot resolve is noted, with what its nodes can use', () => {
  const far = facts('1', { detail: { ...facts('1').detail, vpcId: 'vpc-2' } as ClusterFacts['detail'] })
  const notes = (instance: InstanceFacts, cluster = far) =>
    collectNotes(render([cluster]).draft, { clusters: [cluster], instances: [instance], unread: [], cuts: [] })
  assert.match(notes(INSTANCE)[0] ?? '', /is not linked with vpc-2.*public endpoint is off: its nodes cannot pull/)
  const internet = { type: 'internet', enabled: true, domains: [{ domain: 'p.example.com', custom: false }] }
  const open = { ...INSTANCE, endpoints: [...(INSTANCE.endpoints ?? []), internet] }
  assert.match(notes(open)[0] ?? '', /its nodes pull over the public domain, p\.example\.com/)
  assert.deepEqual(notes(INSTANCE, facts('1')), [])
  // What was not read is not judged.
  assert.deepEqual(notes({ ...INSTANCE, endpoints: undefined }), [])
  assert.deepEqual(notes(INSTANCE, facts('1', { detail: undefined, kind: 'dedicated' })), [])
})
