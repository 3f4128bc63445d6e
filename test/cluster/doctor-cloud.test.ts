import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ROOT } from '../cli/run-bin.ts'
import { testCases, untilHealthy } from './doctor/case.ts'
import { READ_CASES } from './doctor/read-cases.ts'
import { CLUSTER_ID, OWN, openReadFixture } from './doctor/read-fixture.ts'
import { runDoctor } from './doctor/run-doctor.ts'

const ROLE = 'helper-by-rrsa'
const VPC_IMAGE = 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com/team/app:1'
const fixture = await openReadFixture('doctor-cloud')
after(() => fixture[Symbol.asyncDispose]())
const cases = READ_CASES.map((broken) => ({ ...broken, args: [...(broken.args ?? []), ...fixture.reach] }))

test('doctor finds nothing in a healthy cloud, and writes nothing there', async () => {
  const from = fixture.helper.helperCluster.cloud.calls.length
  await untilHealthy(fixture, [...OWN, ...fixture.reach])
  const { report } = await runDoctor(fixture.kubeconfig, [...OWN, ...fixture.reach], fixture.env)
  assert.deepEqual(report.cloud, {
    looked: true,
    caller: `acs:ram::${fixture.accountId}:user/reader`,
    account: fixture.accountId,
    notes: [],
  })
  const calls = fixture.helper.helperCluster.cloud.calls
    .slice(from)
    .filter(({ principal }) => principal.endsWith('user/reader'))
  assert.ok(calls.length > 5)
  assert.deepEqual(
    calls.filter(({ write }) => write),
    [],
  )
})

testCases(() => fixture, cases)

const run = (args: readonly string[], env: Readonly<Record<string, string>>) =>
  runDoctor(fixture.kubeconfig, [...args, ...fixture.reach], env)
const keyOf = (user: string): Readonly<Record<string, string>> => {
  const { accessKeyId, accessKeySecret } = fixture.helper.helperCluster.cloud.accessKeyOf(user)
  return { ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret }
}
const NODES = ['-n', 'nodes', '--release', 'nodes']

test('doctor: without read access to the cloud it names the missing permission, and the other checks continue', async () => {
  const { code, report } = await run(OWN, keyOf('nobody'))
  assert.deepEqual([code, report.cloud.looked], [0, true])
  assert.deepEqual(report.cloud.notes.map(({ what, why }) => `${what}: ${why}`).toSorted(), [
    'OIDC provider rrsa: your credentials lack the right ram:GetOIDCProvider',
    'VPCs linked to the instance of registry demo: your credentials lack the right cr:GetInstanceVpcEndpoint',
    'endpoints of the instance of registry demo: your credentials lack the right cr:ListInstanceEndpoint',
    'instance of registry demo: your credentials lack the right cr:GetInstance',
    `policies of role ${ROLE}: your credentials lack the right ram:ListPoliciesForRole`,
    `policy acr-nopass-${CLUSTER_ID}: your credentials lack the right ram:GetPolicy`,
    `role ${ROLE}: your credentials lack the right ram:GetRole`,
  ])
  const nodes = await run(NODES, keyOf('nobody'))
  assert.ok(
    nodes.report.cloud.notes.some(({ why }) => why === 'your credentials lack the right cs:DescribeClusterDetail'),
  )
})

for (const language of ['en', 'zh']) {
  test(`doctor: the permissions that docs/${language} lists are enough to read everything`, async () => {
    const page = await readFile(join(ROOT, `docs/${language}/troubleshooting.md`), 'utf8')
    const document = /```json\n(\{\n {2}"Version": "1"[\s\S]*?)\n```/.exec(page)?.[1] ?? ''
    const name = `doctor-${language}`
    await fixture.call('2015-05-01', 'CreatePolicy', { PolicyName: name, PolicyDocument: document })
    const attached = { PolicyName: name, PolicyType: 'Custom', UserName: 'nobody' }
    await fixture.call('2015-05-01', 'AttachPolicyToUser', attached)
    const noted = await Promise.all(
      [OWN, NODES, ['-n', 'chain', '--release', 'chain']].map((args) => run(args, keyOf('nobody'))),
    )
    assert.deepEqual(
      noted.map(({ report }) => report.cloud.notes),
      [[], [], []],
    )
    await fixture.call('2015-05-01', 'DetachPolicyFromUser', attached)
  })
}

test('doctor: without credentials, with --cloud off and with rejected credentials the cluster is still checked', async () => {
  const runs = await Promise.all([
    run(OWN, {}),
    run([...OWN, '--cloud', 'off'], fixture.env ?? {}),
    run(OWN, { ...fixture.env, ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'wrong' }),
  ])
  assert.deepEqual(
    runs.map(({ code, report }) => [code, report.cloud.looked]),
    [
      [0, false],
      [0, false],
      [0, false],
    ],
  )
  const [none, off, refused] = runs.map(({ report }) => report.cloud.why ?? '')
  assert.match(none ?? '', /set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET/)
  assert.equal(off, '--cloud off was given')
  assert.match(refused ?? '', /SignatureDoesNotMatch/)
})

test('P6 doctor calls no address that the cluster names, and shows nothing of the credentials', async () => {
  // The release sends its helper to the emulator. Without the flag the user's calls go to Alibaba
  // Cloud, which is unreachable here.
  const env = { ...fixture.env, HTTPS_PROXY: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9' }
  const from = fixture.helper.helperCluster.cloud.calls.length
  const { report, text } = await runDoctor(fixture.kubeconfig, OWN, env)
  assert.equal(report.cloud.looked, false)
  const own = fixture.helper.helperCluster.cloud.calls
    .slice(from)
    .filter(({ principal }) => principal.endsWith('user/reader'))
  assert.deepEqual(own, [])
  const shown = (await run(OWN, fixture.env ?? {})).text
  for (const secret of Object.values(fixture.env ?? {})) assert.ok(!text.includes(secret) && !shown.includes(secret))
})

test('doctor pod checks the cloud only for the registries of its images', async () => {
  const pod = {
    metadata: { name: 'puller' },
    spec: { containers: [{ name: 'app', image: VPC_IMAGE }], nodeSelector: { place: 'nowhere' } },
  }
  await fixture.helper.create('/api/v1/namespaces/shop/pods', pod)
  fixture.helper.helperCluster.cloud.control.changeInstance(fixture.instanceId, { vpc: { vpcs: [] } })
  const { report } = await run(['pod', 'shop/puller', ...OWN], fixture.env ?? {})
  const found = report.findings.filter(({ id }) => id === 'VPC_UNLINKED')
  assert.deepEqual(
    found.map(({ severity, subject }) => [severity, subject]),
    [['error', 'registry demo']],
  )
  const other = {
    ...pod,
    metadata: { name: 'other' },
    spec: { ...pod.spec, containers: [{ name: 'app', image: 'legacy.example.com/a:1' }] },
  }
  await fixture.helper.create('/api/v1/namespaces/shop/pods', other)
  const { report: second } = await run(['pod', 'shop/other', ...OWN], fixture.env ?? {})
  assert.deepEqual(
    second.findings.filter(({ id }) => id === 'VPC_UNLINKED'),
    [],
  )
})

test('doctor: credentials of another account see nothing of this one, and the finding names the account', async () => {
  const { accessKeyId, accessKeySecret } = fixture.helper.helperCluster.cloud.accessKeyOf(
    'administrator',
    '1867204395510376',
  )
  const env = { ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret }
  const { report } = await run(OWN, env)
  const why = `it belongs to account ${fixture.accountId}, but your credentials belong to 1867204395510376; run doctor with credentials of that account too`
  assert.deepEqual(report.cloud.notes, [
    { what: 'OIDC provider rrsa', why },
    { what: 'instance of registry demo', why },
    { what: `role ${ROLE}`, why },
  ])
  const ofCloud = report.findings.filter(({ id }) => /^(ROLE|OIDC|INSTANCE|VPC|PUBLIC)_/.test(id))
  assert.deepEqual(ofCloud, [])
})

test('doctor: a cluster that does not identify itself is named by flags', async () => {
  await fixture.helper.remove('/api/v1/namespaces/kube-system/configmaps/ack-cluster-profile')
  const notes = async (...flags: readonly string[]): Promise<readonly string[]> =>
    (await run([...NODES, ...flags], fixture.env ?? {})).report.cloud.notes.map(({ what, why }) => `${what}: ${why}`)
  const why = "the cluster's objects do not show that it is an ACK cluster; name"
  const vpc = `the cluster's VPC: ${why} it with --ack-cluster-id`
  assert.deepEqual(await notes(), [
    vpc,
    `the RAM roles of the nodes: ${why} them with --worker-role, or --ack-cluster-id`,
  ])
  assert.deepEqual(await notes('--worker-role', 'nodes-of-doctor'), [vpc])
  assert.deepEqual(await notes('--ack-cluster-id', CLUSTER_ID), [])
})
