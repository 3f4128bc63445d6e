import assert from 'node:assert/strict'
import { test } from 'node:test'
import { doctorUnverified, renderCloud } from '../../src/cli/doctor/report.ts'
import type { InstanceFacts } from '../../src/doctor/cloud/read-instance.ts'
import { diagnose } from '../../src/doctor/diagnose.ts'
import type { Observed } from '../../src/doctor/observed.ts'
import { allow, instance, link, observeCloud as observe, role, text } from './cloud-fixture.ts'
import { testFindings } from './finding-table.ts'
import { failure, fixture, IMAGE, registry, stuckPod } from './fixture.ts'

const SUBJECT = 'role nodes of account 1'

const vpcs: InstanceFacts['vpcs'] = []
const PLACE = { clusterId: 'c1', accountId: '1', region: 'cn-beijing', vpcId: 'vpc-1', vswitchId: undefined, key: 'c1' }

testFindings([
  { title: 'a cloud without any problem', observed: observe(), finds: [] },
  {
    title: 'a failed read is not a finding',
    observed: observe({
      role: role({ role: undefined, attached: undefined }),
      instance: instance({ found: undefined, endpoints: undefined, vpcs: undefined }),
    }),
    finds: [],
  },
  {
    title: 'a trust policy that cannot be parsed is not a finding',
    observed: observe({ role: role({ role: { name: 'nodes', description: '', trust: '{', ours: false } }) }),
    finds: [],
  },
  {
    title: 'roles of another account are not checked',
    observed: observe({ facts: { roles: new Map() } }),
    finds: [],
  },
  {
    title: "a role with another client's policy of our name: the policy is extended, and still belongs to that client",
    observed: observe({
      role: role({
        attached: [{ name: 'acr-nopass-c1', custom: true, document: text(allow('ecs:*')) }],
        policy: {
          name: 'acr-nopass-c1',
          description: 'mine',
          document: text(allow('ecs:*')),
          defaultVersion: 'v1',
          ours: false,
        },
      }),
    }),
    finds: [['error', 'ROLE_RIGHTS_MISSING', SUBJECT]],
    message:
      /^None of its policies \(acr-nopass-c1\)[\s\S]*\naliyun ram CreatePolicyVersion --PolicyName acr-nopass-c1 --PolicyDocument '[^']*ecs:\*[^']*' --SetAsDefault true [^&]*$/,
  },
  {
    title: 'a result that no RAM document confirms is only likely, and does not fail a check',
    observed: observe({
      role: role({
        attached: [
          {
            name: 'narrow',
            custom: true,
            document: text(allow('cr:*'), {
              Effect: 'Deny',
              Action: 'cr:Pull*',
              Resource: 'acs:cr:*:*:repository/cri-?bc123/*',
            }),
          },
        ],
      }),
    }),
    finds: [['warning', 'ROLE_RIGHTS_MISSING', SUBJECT]],
    message: /^A Deny in one of its policies \(narrow\)[^\n]* likely, not certain\./,
  },
  {
    title: 'a role whose policy would become too large: the documents are printed for comparison',
    observed: observe({
      role: role({
        attached: [],
        policy: {
          name: 'acr-nopass-c1',
          description: '',
          document: text(allow('ecs:*', `acs:ecs:*:1:${'x'.repeat(6144)}`)),
          defaultVersion: 'v1',
          ours: true,
        },
      }),
    }),
    finds: [['error', 'ROLE_RIGHTS_MISSING', SUBJECT]],
    message: /\nacr-nopass policy -f values\.yaml$/,
  },
  {
    title: 'an instance that does not exist, which the helper has not noticed yet',
    observed: observe({ instance: instance({ found: null }) }),
    finds: [['error', 'INSTANCE_NOT_FOUND', 'registry demo']],
    message: /aliyun cr ListInstance --region cn-hangzhou/,
  },
  {
    title: 'an instance that does not exist is reported once',
    observed: observe({
      instance: instance({ found: null }),
      fixture: { registries: [registry({ state: 'failing', error: failure('CLOUD_NOT_FOUND') })] },
    }),
    finds: [['error', 'INSTANCE_NOT_FOUND', 'registry demo']],
  },
  {
    title: 'two instances that do not exist are two findings',
    observed: observe({
      instance: instance({ found: null }),
      fixture: {
        registries: [registry(), registry({ name: 'other', state: 'failing', error: failure('CLOUD_NOT_FOUND') })],
      },
    }),
    finds: [
      ['error', 'INSTANCE_NOT_FOUND', 'registry other'],
      ['error', 'INSTANCE_NOT_FOUND', 'registry demo'],
    ],
  },
  {
    title: 'a VPC that is not linked, and not needed',
    observed: observe({ instance: instance({ vpcs }) }),
    finds: [['info', 'VPC_UNLINKED', 'registry demo']],
    message: /--VpcId vpc-1 --VswitchId '<vswitch id>' --ModuleName Registry --EnableCreateDNSRecordInPvzt true$/,
  },
  {
    title: 'a VPC that is not linked, with pulls only over the internet',
    observed: observe({ instance: instance({ vpcs }), network: 'public' }),
    finds: [],
  },
  {
    title: 'a VPC that is not linked, and the internet endpoint closed: the registry is unreachable',
    observed: observe({ instance: instance({ vpcs, endpoints: [] }) }),
    finds: [['error', 'VPC_UNLINKED', 'registry demo']],
  },
  // Source of the values of Status, and of PRIVATE_ZONE_CONFLICT_AT_{private_zone_id} as an example
  // of Issue: the vendor's SDKs (aliyun/alibabacloud-typescript-sdk, cr-20181201,
  // GetInstanceVpcEndpointResponseBodyLinkedVpcs).
  {
    title: 'a VPC whose link conflicts with a private zone',
    observed: observe({
      network: 'vpc',
      instance: instance({ vpcs: [link({ issue: 'PRIVATE_ZONE_CONFLICT_AT_z9' })] }),
    }),
    finds: [['error', 'VPC_LINK_ISSUE', 'registry demo']],
    message: /^(?![\s\S]*CreateInstanceVpcEndpointLinkedVpc)[\s\S]*\naliyun pvtz DescribeZoneInfo --ZoneId z9$/,
  },
  {
    title: 'a VPC whose link is being created',
    observed: observe({ network: 'vpc', instance: instance({ vpcs: [link({ status: 'CREATING' })] }) }),
    finds: [['error', 'VPC_LINK_ISSUE', 'registry demo']],
    message: /^(?![\s\S]*CreateInstanceVpcEndpointLinkedVpc)/,
  },
  // Observed on a real account: the link was RUNNING with DefaultAccess, and the domain resolved on
  // every node.
  {
    title: 'a VPC whose link has no authorization for PrivateZone, and resolves by default, is fine',
    observed: observe({
      network: 'vpc',
      instance: instance({ vpcs: [link({ issue: 'NO_PRIVATE_ZONE_AUTHORIZED' })] }),
    }),
    finds: [],
  },
  {
    title: 'a second VPC whose link has no authorization for PrivateZone: whether its domain resolves is not known',
    observed: observe({
      network: 'vpc',
      instance: instance({ vpcs: [link({ issue: 'NO_PRIVATE_ZONE_AUTHORIZED', defaultAccess: false })] }),
    }),
    finds: [['warning', 'VPC_LINK_ISSUE', 'registry demo']],
    message: /getent hosts/,
  },
  {
    title: 'a VPC whose link has an unknown issue, which pulls do not need',
    observed: observe({ instance: instance({ vpcs: [link({ issue: 'SOMETHING_NEW' })] }) }),
    finds: [['info', 'VPC_LINK_ISSUE', 'registry demo']],
    message: /does not document/,
  },
  {
    title: 'a VPC of another region, with pulls only through it',
    observed: observe({ network: 'vpc', instance: instance({ vpcs }), facts: { place: PLACE } }),
    finds: [['error', 'VPC_UNLINKED', 'registry demo']],
    message: /A VPC of another region cannot be linked/,
  },
  {
    title: 'a VPC of another region, with the public and the VPC domain',
    observed: observe({ instance: instance({ vpcs }), facts: { place: PLACE } }),
    finds: [],
  },
  {
    title: 'a cluster whose VPC is not known',
    observed: observe({
      network: 'vpc',
      instance: instance({ vpcs }),
      facts: { place: { ...PLACE, vpcId: undefined } },
    }),
    finds: [],
  },
])

test('doctor: a Pod that pulls by the public domain needs the public endpoint', () => {
  const closed = instance({ endpoints: [{ ...(instance().endpoints?.[0] ?? never()), enabled: false }] })
  const ids = (pods: Observed['pods']): readonly string[] =>
    diagnose({ ...observe({ instance: closed }), pods })
      .map(({ id }) => id)
      .filter((id) => /^(PUBLIC|VPC)_/.test(id))
  assert.deepEqual(ids([]), [])
  assert.deepEqual(ids([stuckPod({ image: IMAGE })]), ['PUBLIC_CLOSED'])
  // `doctor pod` asks about one Pod and reads no others.
  const focus = { pod: stuckPod({ image: IMAGE }), node: undefined, responses: new Map() }
  const ofOne = diagnose({ ...observe({ instance: closed }), pods: undefined, focus }).map(({ id }) => id)
  assert.ok(ofOne.includes('PUBLIC_CLOSED'), ofOne.join())
})

test('doctor: the report names the identity that read the cloud, or why it was not read', () => {
  assert.equal(renderCloud({ state: 'not-inspected', why: 'x' }), 'Alibaba Cloud was not inspected: x.')
  const { cloud } = observe()
  assert.equal(renderCloud(cloud), 'Alibaba Cloud was read as acs:ram::1:user/me')
  assert.ok(cloud.state === 'looked')
  const notes = [{ what: 'role nodes', why: 'your credentials lack the right ram:GetRole' }]
  assert.equal(
    renderCloud({ ...cloud, notes }),
    'Alibaba Cloud was read as acs:ram::1:user/me; not checked there:\n  role nodes: your credentials lack the right ram:GetRole',
  )
})

function never(): never {
  throw new Error('it is there')
}

test('a fact that doctor relied on and could not verify is reported once, with its objects', () => {
  const open = text(allow('cr:Get*'), allow('cr:*', 'acs:cr:cn-*:1:*'))
  const observed = observe({ role: role({ attached: [{ name: 'open', custom: true, document: open }] }) })
  assert.deepEqual(diagnose(observed), [])
  assert.deepEqual(
    doctorUnverified(observed).map(({ id, subjects }) => [id, subjects]),
    [['RAM_MATCHING', ['role nodes']]],
  )
  assert.deepEqual(doctorUnverified(observe()), [])
})

test('a requested lifetime is unverified until a token has it', () => {
  const config = {
    registries: [
      { name: 'demo', edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou', expiresInHours: 12 },
    ],
  }
  const issuedAt = '2026-11-25T00:00:00.000Z'
  const of = (expiresAt: string) =>
    doctorUnverified(fixture({ config, registries: [registry({ issuedAt, expiresAt })] })).map(({ id }) => id)
  assert.deepEqual(of('2026-11-25T01:00:00.000Z'), ['EXPIRES_IN_HOURS'])
  assert.deepEqual(of('2026-11-25T12:00:00.000Z'), [])
})
