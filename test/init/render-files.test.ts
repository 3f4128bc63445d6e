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
  const last = render([facts('1'), facts('2'), facts('3')], { identities: ['rrsa', 'worker-role', 'worker-role'] })
  assert.deepEqual(parse(last.files.values).identity, { type: 'worker-role' })
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
  // A VPC of another region has the domain of its own region.
  assert.match(notes(INSTANCE, facts('1', { region: 'cn-beijing' }))[0] ?? '', /is not linked with vpc-1/)
  // What was not read is not judged.
  assert.deepEqual(notes({ ...INSTANCE, endpoints: undefined }), [])
  assert.deepEqual(notes(INSTANCE, facts('1', { detail: undefined, kind: 'dedicated' })), [])
})

test('the list of clusters, word for word', () => {
  const clusters = [
    facts('1'),
    facts('2', {
      name: 'Data Center',
      region: 'cn-beijing',
      kind: 'dedicated',
      addon: 'the-addon',
      detail: { vpcId: 'v', hasPublicEndpoint: false, rrsa: { enabled: false, issuers: '', oidcProviderArn: '' } },
    }),
    facts('3'),
  ]
  const { files, check } = render(clusters)
  check()
  assert.equal(
    files.clusters,
    `# yaml-language-server: $schema=https://raw.githubusercontent.com/acr-nopass/acr-nopass/v1/schemas/clusters.schema.json
# The clusters of a rollout, written by acr-nopass init. All keys: docs/en/clusters.md.
# Clusters of one wave are rolled out together, lower waves first; the very first cluster goes alone.

- name: cluster-1 # your name for it, in reports
  wave: 0 # a higher number waits for all lower ones
  ack: { clusterId: ${id('1')}, region: cn-hangzhou }
  values:
    region: cn-hangzhou

- name: data-center # your name for it, in reports
  wave: 0 # a higher number waits for all lower ones
  ack: { clusterId: ${id('2')}, region: cn-beijing, privateEndpoint: true }
  coexist: true # remove after the migration from the-addon: docs/en/migrate.md
  # a dedicated cluster has no RRSA, so the helper uses the RAM role of the nodes.
  values:
    region: cn-beijing
    identity:
      type: worker-role

- name: cluster-3 # your name for it, in reports
  wave: 0 # a higher number waits for all lower ones
  ack: { clusterId: ${id('3')}, region: cn-hangzhou }
  values:
    region: cn-hangzhou
`,
  )
  assert.doesNotMatch(files.values, /^region:/m)
  assert.match(files.values, /^# Values of acr-nopass for 3 clusters, /m)
})

test('the values of several instances have a block each, with the domains of endpoints that are on', () => {
  const off = { type: 'internet', enabled: false, domains: [{ domain: 'off.example.com', custom: false }] }
  const instances = [
    { ...INSTANCE, endpoints: [...(INSTANCE.endpoints ?? []), off] },
    { ...INSTANCE, instanceId: 'cri-b', name: 'shop', endpoints: undefined },
  ]
  const { files, check } = render([facts('1')], { instances, identities: ['worker-role'] })
  check()
  assert.match(files.values, /^ {2}# Images begin with a\.example\.com\.\n {2}- name: shop #/m)
  assert.doesNotMatch(files.values, /off\.example\.com/)
  assert.match(files.values, /"shop\/\*"\] # .*\n\n {2}- name: shop-cri-b #/)
  assert.match(files.values, /^# How the helper authenticates: you chose it\.\n# Where ACK offers RRSA, enable it/m)
})

test('the workflow of one cluster names it, and what is special about it', () => {
  const one = render([
    facts('1', {
      addon: 'x',
      detail: { vpcId: 'v', hasPublicEndpoint: false, rrsa: { enabled: true, issuers: '', oidcProviderArn: '' } },
    }),
  ])
  assert.deepEqual(parse(one.files.workflow).jobs.rollout.steps[1].with, {
    mode: 'plan',
    'ack-cluster-id': id('1'),
    region: 'cn-hangzhou',
    'private-endpoint': true,
    coexist: true,
    'values-files': 'values.yaml',
    'role-to-assume': 'acs:ram::1427736501988243:role/acr-nopass-deploy',
    'oidc-provider-arn': 'acs:ram::1427736501988243:oidc-provider/github-actions',
  })
  assert.equal(
    nextCommand(one.draft, (name) => name),
    `plan --ack-cluster-id ${id('1')} --region cn-hangzhou -f values.yaml --private-endpoint --coexist`,
  )
  const two = render([facts('1'), facts('2')])
  assert.equal(parse(two.files.workflow).jobs.rollout.steps[1].with['clusters-file'], 'clusters.yaml')
  assert.equal(
    nextCommand(two.draft, (name) => name),
    'plan --clusters-file clusters.yaml -f values.yaml',
  )
})

test('notes come in the order of what a person does first, and a healthy account has none', () => {
  const clusters = [facts('1', { kind: 'serverless', detail: undefined, state: 'stopped' }), facts('2', { addon: 'x' })]
  const noted = {
    clusters,
    instances: [{ ...INSTANCE, status: 'STOPPED' }],
    unread: [{ what: 'the account', why: 'no' }],
    cuts: ['a cut'],
  }
  const starts = ['cluster-1: enable RRSA', "cluster-2 has Alibaba's x", `cluster ${id('1')} is not running: stopped`]
  const rest = [
    'instance cri-abc123 is not running: STOPPED',
    'the list was not complete: a cut',
    'not read: the account (no)',
  ]
  const notes = collectNotes(render(clusters).draft, noted)
  assert.equal(notes.length, 6, notes.join('\n'))
  for (const [index, start] of [...starts, ...rest].entries()) assert.ok(notes[index]?.startsWith(start), notes[index])
  const quiet = { clusters: [facts('1', { state: '' })], instances: [INSTANCE], unread: [], cuts: [] }
  assert.deepEqual(collectNotes(render(quiet.clusters).draft, quiet), [])
})

test('names are short, lower case, and unique also among names that look like another name with an id', () => {
  const { draft, check } = render([
    facts('1', { name: `-${'A'.repeat(80)}-` }),
    facts('2', { name: `${'a'.repeat(80)}` }),
    facts('3', { name: '' }),
  ])
  check()
  assert.deepEqual(
    draft.clusters.map(({ name }) => name),
    ['a'.repeat(62), 'a'.repeat(63), id('3')],
  )
})

test('a region that Alibaba Cloud does not have is refused, unless the endpoints are of another cloud', () => {
  const { files } = render([facts('1', { region: 'cn-nowhere' })], {
    instances: [{ ...INSTANCE, region: 'cn-nowhere' }],
  })
  const values = { name: 'values.yaml', text: files.values }
  for (const list of [undefined, { name: 'clusters.yaml', text: files.clusters }]) {
    assert.throws(() => checkFiles(values, list, false), { code: 'INIT_REFUSED', message: /VALUES_REGION/ })
    checkFiles(values, list, true)
  }
})
