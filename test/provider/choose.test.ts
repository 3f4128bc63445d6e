import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matchesImage } from '../../src/acr/match-image.ts'
import { type NodeRegistry, toNodeConfig } from '../../src/node/node-config.ts'
import { chooseEntries } from '../../src/node/provider/choose-entries.ts'
import { chooseIdentities } from '../../src/node/provider/choose-identity.ts'
import type { PodAccount } from '../../src/node/provider/provider-request.ts'
import { matchImages } from '../../src/node/provider-config.ts'
import { loadValues } from '../../src/values/load-values.ts'

const HOST = 'prod-registry.cn-hangzhou.cr.aliyuncs.com'

function registriesOf(...entries: readonly object[]): readonly NodeRegistry[] {
  const registries = entries.map((entry, index) => {
    return { name: `e${index}`, edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou', ...entry }
  })
  const rrsa = {
    roleArn: 'acs:ram::1234567890123456:role/helper',
    oidcProviderArn: 'acs:ram::1234567890123456:oidc-provider/ack-rrsa',
  }
  const text = JSON.stringify({ registries, identity: { type: 'rrsa', rrsa } })
  const { values, errors } = loadValues({ files: [{ name: 'values.yaml', text }] })
  assert.deepEqual(errors, [])
  return values === undefined ? [] : toNodeConfig(values).registries
}

/** The lists of the candidates, and the type of the kubelet's cache. */
function chosen(registries: readonly NodeRegistry[], image: string, namespace?: string) {
  const { candidates, isOnlyList } = chooseEntries(registries, image, namespace)
  const lists = candidates.map(({ values, repositories }) => repositories?.join() ?? values.name)
  return [lists, isOnlyList ? 'Registry' : 'Image']
}

const TEAMS = registriesOf(
  { repositories: ['base/*'], limit: 'repositories' },
  { repositories: ['team-a/*'], limit: 'repositories', targets: { namespaces: { include: ['a-*'] } } },
  {
    repositories: ['team-b/*'],
    limit: 'repositories',
    targets: { namespaces: { include: ['b-*'], exclude: ['b-x'] } },
  },
)

test('a Pod gets a login for the lists of the entries that target its namespace, and none for images outside of them', () => {
  assert.deepEqual(chosen(TEAMS, `${HOST}/team-a/app`, 'a-1'), [['base/*,team-a/*'], 'Image'])
  assert.deepEqual(chosen(TEAMS, `${HOST}/base/os`, 'a-1'), [['base/*,team-a/*'], 'Image'])
  assert.deepEqual(chosen(TEAMS, `${HOST}/team-b/app`, 'a-1'), [[], 'Image'])
  assert.deepEqual(chosen(TEAMS, `${HOST}/team-b/app`, 'b-1'), [['base/*,team-b/*'], 'Image'])
  assert.deepEqual(chosen(TEAMS, `${HOST}/team-b/app`, 'b-x'), [[], 'Image'])
  assert.deepEqual(chosen(TEAMS, `${HOST}/other/app`, 'a-1'), [[], 'Image'])
})

test('without a namespace, as for a static Pod, every entry counts', () => {
  assert.deepEqual(chosen(TEAMS, `${HOST}/team-b/app`), [['base/*,team-a/*,team-b/*'], 'Image'])
})

test('the global targets, which exclude kube-system from Secrets, do not exclude it from the node', () => {
  assert.deepEqual(chosen(registriesOf({}), `${HOST}/team/app`, 'kube-system'), [['e0'], 'Registry'])
})

const OTHER_ROLE = { assumeRole: [{ roleArn: 'acs:ram::1234567890123456:role/other' }] }
const SHOP = { targets: { namespaces: { include: ['shop'] } } }
const TEAM = { targets: { namespaces: { include: ['team'] } } }

test('the kubelet may use a login for the whole host only if the host has one list', () => {
  const image = `${HOST}/team/app`
  const same = registriesOf(SHOP, { ...TEAM, repositories: ['team/*'] })
  assert.deepEqual(chosen(same, image, 'team'), [['e1'], 'Registry'])
  assert.deepEqual(chosen(registriesOf(SHOP, { ...TEAM, ...OTHER_ROLE }), image, 'team'), [['e1'], 'Image'])
  const limited = { repositories: ['team/*'], limit: 'repositories' }
  assert.deepEqual(chosen(registriesOf(limited), image), [['team/*'], 'Registry'])
  assert.deepEqual(chosen(registriesOf({ ...SHOP }, { ...TEAM, ...limited }), image, 'team'), [['team/*'], 'Image'])
  assert.deepEqual(chosen(registriesOf({ domains: [`${HOST}/team`] }), image), [['e0'], 'Image'])
  // Another entry has a part of the host.
  const part = { instanceId: 'cri-abc124', domains: ['images.example.com/shop'] }
  const whole = { ...OTHER_ROLE, domains: ['images.example.com'] }
  const split = registriesOf(part, whole)
  assert.deepEqual(chosen(split, 'images.example.com/team/app'), [['e1'], 'Image'])
  assert.deepEqual(chosen(split, 'images.example.com/shop/app'), [['e0', 'e1'], 'Image'])
})

test('of several credentials without a limit, the one whose list has the image is tried first', () => {
  const registries = registriesOf(
    { ...SHOP, repositories: ['shop/*'] },
    { ...TEAM, ...OTHER_ROLE, repositories: ['team/*'] },
  )
  assert.deepEqual(chosen(registries, `${HOST}/team/app`), [['e1', 'e0'], 'Image'])
  assert.deepEqual(chosen(registries, `${HOST}/shop/app`), [['e0', 'e1'], 'Image'])
})

test('the program claims only images for which the generated configuration makes the kubelet call it', () => {
  const registries = registriesOf(
    {},
    { edition: 'personal', instanceId: undefined, region: 'cn-beijing' },
    {
      instanceId: 'cri-abc124',
      region: 'cn-shanghai',
      domains: ['images.example.com', 'shared.example.com:5000/shop'],
    },
  )
  const patterns = matchImages(registries)
  const images: readonly (readonly [image: string, isClaimed: boolean])[] = [
    [`${HOST}/team/app`, true],
    ['prod-registry-vpc.cn-hangzhou.cr.aliyuncs.com/team/app', true],
    ['prod-registry.cn-qingdao.cr.aliyuncs.com/team/app', false],
    ['crpi-1.cn-hangzhou.personal.cr.aliyuncs.com/team/app', false],
    ['registry-vpc.cn-beijing.aliyuncs.com/team/app', true],
    ['registry.cn-hangzhou.aliyuncs.com/team/app', false],
    ['images.example.com/team/app', true],
    ['images.example.com:443/team/app', false],
    ['shared.example.com:5000/shop/app', true],
    ['shared.example.com:5000/team/app', false],
    ['docker.io/library/nginx', false],
    ['a.prod-registry.cn-hangzhou.cr.aliyuncs.com/team/app', false],
    ['prod-registry.cn-hangzhou.cr.aliyuncs.com.example.com/team/app', false],
    ['cn-hangzhou.cr.aliyuncs.com/team/app', false],
  ]
  for (const [image, isClaimed] of images) {
    assert.equal(chooseEntries(registries, image, undefined).candidates.length > 0, isClaimed, image)
    assert.equal(
      patterns.some((pattern) => matchesImage(pattern, image)),
      isClaimed,
      image,
    )
  }
})

const ACCOUNT = { namespace: 'shop', name: 'web', uid: 'u1', token: 't' }
const ROLE = 'acs:ram::1234567890123456:role/shop-pull'
const PROVIDER = 'acs:ram::1234567890123456:oidc-provider/ack-rrsa'
const OURS = 'acr-nopass.io/role-arn'
const RRSA = 'pod-identity.alibabacloud.com/role-name'

function identitiesOf(config: object, annotations?: PodAccount['annotations']) {
  const settings = {
    identity: 'service-account',
    fallback: 'none',
    useRrsaRole: false,
    oidcProviderArn: PROVIDER,
  } as const
  const request = annotations === undefined ? {} : { account: { ...ACCOUNT, annotations } }
  const { identities, problem } = chooseIdentities({ ...settings, ...config }, request)
  return [identities.map((one) => (one.kind === 'worker-role' ? 'node' : one.roleArn)), problem?.code]
}

test('the role in our annotation pulls, and the role of the node only where the values say so', () => {
  assert.deepEqual(identitiesOf({}, { [OURS]: ROLE }), [[ROLE], undefined])
  assert.deepEqual(identitiesOf({}, { [OURS]: ` ${ROLE}\n` }), [[ROLE], undefined])
  assert.deepEqual(identitiesOf({ fallback: 'worker-role' }, { [OURS]: ROLE }), [[ROLE, 'node'], undefined])
  assert.deepEqual(identitiesOf({}, {}), [[], undefined])
  assert.deepEqual(identitiesOf({ fallback: 'worker-role' }, {}), [['node'], undefined])
  assert.deepEqual(identitiesOf({}), [[], undefined])
  assert.deepEqual(identitiesOf({ fallback: 'worker-role' }), [['node'], undefined])
  assert.deepEqual(identitiesOf({ identity: 'worker-role' }, { [OURS]: ROLE }), [['node'], undefined])
})

test("the role of ACK's RRSA pulls only with useRrsaRole, and never before the role in our annotation", () => {
  assert.deepEqual(identitiesOf({}, { [RRSA]: 'app' }), [[], undefined])
  const expected = 'acs:ram::1234567890123456:role/app'
  assert.deepEqual(identitiesOf({ useRrsaRole: true }, { [RRSA]: 'app' }), [[expected], undefined])
  assert.deepEqual(identitiesOf({ useRrsaRole: true }, { [RRSA]: ' app ' }), [[expected], undefined])
  assert.deepEqual(identitiesOf({ useRrsaRole: true }, { [RRSA]: 'app', [OURS]: ROLE }), [[ROLE], undefined])
})

test('an annotation that is not the ARN of a role counts as none, and is reported', () => {
  for (const wrong of [
    'shop-pull',
    'acs:ram::1:role/x',
    `${ROLE} x`,
    '',
    'acs:ram::1234567890123456:user/x',
    `x${ROLE}`,
  ]) {
    assert.deepEqual(identitiesOf({}, { [OURS]: wrong }), [[], 'NODE_ROLE_INVALID'], wrong)
  }
  assert.deepEqual(identitiesOf({ fallback: 'worker-role' }, { [OURS]: 'x' }), [['node'], 'NODE_ROLE_INVALID'])
})
