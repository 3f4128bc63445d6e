import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { AssumeRoleRequest } from '@alicloud/sts20150401'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { type Registry, startRegistry } from '../../sandbox/registry/start-registry.ts'
import { allow, type Keys, vendorClients } from '../support/cloud/vendor-sdk.ts'
import { type Login, registryClient, type TokenStyle } from '../support/registry/registry-client.ts'
import { testTools } from '../tools.ts'

const DEMO = 'cri-k7x2m9q4w1t8z5h3'
const PULL_TEAM = `acs:cr:cn-hangzhou:*:repository/${DEMO}/team/*`

let cloud: Cloud
let registry: Registry
let now = Date.now()
before(async () => {
  cloud = await startCloud({ clock: () => now })
  const { registry: binary } = await testTools('registry')
  registry = await startRegistry({ tools: { registry: binary }, auth: cloud.registryAuth })
  // The registry checks tokens by the machine's clock, and building its program may have taken a
  // while.
  now = Date.now()
  const pusher = registryClient(registry.url, cloud.registryPush)
  for (const repository of ['team/app', 'platform/helper', 'acme/tools', 'elsewhere/app']) {
    assert.equal(await pusher.push(repository, '1', `content of ${repository}`), 201)
  }
  cloud.control.putRole('puller', {
    Version: '1',
    Statement: [
      { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { RAM: [`acs:ram::${cloud.accountId}:root`] } },
    ],
  })
  cloud.control.grant('puller', 'token', JSON.parse(allow(['cr:GetAuthorizationToken'])))
})
afterEach(() => {
  cloud.control.breakSessionPolicies(undefined)
  cloud.control.denyUnknownRepositories(false)
})
after(async () => {
  await registry.stop()
  await cloud.stop()
})

const session = async (policy?: string): Promise<Keys> => {
  const own = { roleArn: `acs:ram::${cloud.accountId}:role/puller`, roleSessionName: 'puller' }
  const request = { ...own, ...(policy !== undefined && { policy }) }
  const { body } = await vendorClients(cloud).sts.assumeRole(new AssumeRoleRequest(request))
  const { accessKeyId = '', accessKeySecret = '', securityToken = '' } = body?.credentials ?? {}
  return { accessKeyId, accessKeySecret, securityToken }
}
const credential = async (keys?: Keys): Promise<Login> => {
  const request = { action: 'GetAuthorizationToken', version: '2018-12-01', query: { InstanceId: DEMO } }
  const { TempUsername, AuthorizationToken } = await vendorClients(cloud, keys).call(request)
  return { username: String(TempUsername), password: String(AuthorizationToken) }
}
const pull = async (login: Login | undefined, repository = 'team/app', style?: TokenStyle): Promise<string> => {
  const { status, content } = await registryClient(registry.url, login, style).pull(repository, '1')
  return status === 200 ? content : String(status)
}

test('a real registry serves an image for a valid credential, requested as docker and as containerd do', async () => {
  const login = await credential()
  assert.equal(await pull(login), 'content of team/app')
  assert.equal(await pull(login, 'team/app', 'form'), 'content of team/app')
})

test('without a credential, with a wrong, an expired or an invented one the registry rejects the request', async () => {
  const login = await credential()
  assert.equal(await pull(undefined), '401')
  assert.equal(await pull({ ...login, username: 'somebody' }), '401')
  assert.equal(await pull({ ...login, password: `${login.password}x` }), '401')
  assert.equal(await pull({ ...login, password: `${login.password}x` }, 'team/app', 'form'), '401')
  assert.equal(await pull(login), 'content of team/app')
  cloud.control.expireTokens()
  assert.equal(await pull(login), '401')
})

test('a credential expires at its ExpireTime', async () => {
  cloud.control.shortSessions(120)
  const login = await credential()
  cloud.control.shortSessions(undefined)
  assert.equal(await pull(login), 'content of team/app')
  now += 120_000
  assert.equal(await pull(login), '401')
  now -= 120_000
})

test("the caller's policies are evaluated at the time of the pull", async () => {
  const login = await credential(await session())
  assert.equal(await pull(login), '401')
  cloud.control.grant('puller', 'pull', JSON.parse(allow(['cr:PullRepository'], PULL_TEAM)))
  assert.equal(await pull(login), 'content of team/app')
  assert.equal(await pull(login, 'platform/helper'), '401')
  cloud.control.revoke('puller', 'pull')
  assert.equal(await pull(login), '401')
})

test('a credential is valid only for the namespaces of its instance', async () => {
  const login = await credential()
  assert.equal(await pull(login, 'platform/helper'), 'content of platform/helper')
  assert.equal(await pull(login, 'acme/tools'), '401')
  assert.equal(await pull(login, 'elsewhere/app'), '401')
  const { data } = await vendorClients(cloud).call({
    action: 'GetAuthorizationToken',
    version: '2016-06-07',
    path: '/tokens',
  })
  const { tempUserName, authorizationToken } = data as { tempUserName: string; authorizationToken: string }
  const personal = { username: tempUserName, password: authorizationToken }
  assert.equal(await pull(personal, 'acme/tools'), 'content of acme/tools')
  assert.equal(await pull(personal, 'team/app'), '401')
})

/** The session policy of a credential for these repositories. */
const limitTo = (...repositories: readonly string[]): string =>
  JSON.stringify({
    Version: '1',
    Statement: [
      { Effect: 'Allow', Action: 'cr:GetAuthorizationToken', Resource: '*' },
      { Effect: 'Allow', Action: 'cr:PullRepository', Resource: repositories.map(repositoryArn) },
    ],
  })
const repositoryArn = (name: string): string => `acs:cr:*:*:repository/${DEMO}/${name}`

/** Requests a token for these scopes, as a client does. */
const bearerFor = async (login: Login | undefined, ...scopes: readonly string[]): Promise<string> => {
  const query = new URLSearchParams({ service: cloud.registryAuth.service })
  for (const scope of scopes) query.append('scope', `repository:${scope}`)
  const basic = login && Buffer.from(`${login.username}:${login.password}`).toString('base64')
  const response = await fetch(`${cloud.registryAuth.realm}?${query}`, {
    ...(basic && { headers: { authorization: `Basic ${basic}` } }),
  })
  assert.equal(response.status, 200)
  return ((await response.json()) as { token: string }).token
}

/** The scopes that the token service grants. */
const granted = async (login: Login | undefined, ...scopes: readonly string[]): Promise<readonly string[]> => {
  const token = await bearerFor(login, ...scopes)
  const { access } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    access: readonly { name: string; actions: readonly string[] }[]
  }
  return access.map(({ name, actions }) => `${name}:${actions.join(',')}`)
}

/**
 * Source: "If you log on to an instance by using the temporary password obtained through STS, you
 * have the same permissions as the STS token" (GetAuthorizationToken, 2025-12-17,
 * https://www.alibabacloud.com/help/en/doc-detail/145324.htm). That a session policy counts at a
 * pull follows from it; no page says it, and it was not observed.
 */
test('a credential of a limited session pulls what the role and the session policy both allow', async () => {
  cloud.control.grant(
    'puller',
    'pull',
    JSON.parse(allow(['cr:PullRepository', 'cr:PushRepository'], [repositoryArn('team/*')])),
  )
  const team = await credential(await session(limitTo('team/app', 'platform/*')))
  const platform = await credential(await session(limitTo('platform/*')))
  const whole = await credential(await session())
  const answers = async (login: Login) => [await pull(login), await pull(login, 'platform/helper')]
  assert.deepEqual(
    { team: await answers(team), platform: await answers(platform), whole: await answers(whole) },
    {
      team: ['content of team/app', '401'],
      platform: ['401', '401'],
      whole: ['content of team/app', '401'],
    },
  )
  assert.equal(await pull(team, 'team/app', 'form'), 'content of team/app')
  cloud.control.grant('puller', 'pull', JSON.parse(allow(['cr:PullRepository', 'cr:PushRepository'])))
  assert.deepEqual(
    { team: await answers(team), platform: await answers(platform), whole: await answers(whole) },
    {
      team: ['content of team/app', 'content of platform/helper'],
      platform: ['401', 'content of platform/helper'],
      whole: ['content of team/app', 'content of platform/helper'],
    },
  )
  assert.equal(await registryClient(registry.url, platform).push('platform/helper', '2', 'not allowed'), 401)
  assert.equal(await registryClient(registry.url, whole).push('platform/helper', '2', 'allowed'), 201)
})

test('the token service grants those of the requested scopes that the session has, each on its own', async () => {
  cloud.control.grant('puller', 'pull', JSON.parse(allow(['cr:PullRepository', 'cr:PushRepository'])))
  const login = await credential(await session(limitTo('team/*')))
  const scopes = ['team/app:pull,push', 'platform/helper:pull', 'team/absent:pull'] as const
  assert.deepEqual(await granted(login, ...scopes), ['team/app:pull', 'team/absent:pull'])
  assert.deepEqual(await granted(login, scopes.join(' repository:')), ['team/app:pull', 'team/absent:pull'])
  assert.deepEqual(await granted(login, 'platform/helper:pull'), [])
  cloud.control.setVisibility('platform/helper', 'public')
  try {
    assert.deepEqual(await granted(login, ...scopes), ['team/app:pull', 'platform/helper:pull', 'team/absent:pull'])
  } finally {
    cloud.control.setVisibility('platform/helper', 'private')
  }
})

test('a registry can ignore session policies, or refuse every pull under one', async () => {
  cloud.control.grant('puller', 'pull', JSON.parse(allow(['cr:PullRepository'])))
  const login = await credential(await session(limitTo('team/*')))
  const whole = await credential(await session())
  const faults = [
    [undefined, ['content of team/app', '401']],
    ['ignored', ['content of team/app', 'content of platform/helper']],
    ['ignored-by-registry', ['content of team/app', 'content of platform/helper']],
    ['ignored-for-oidc', ['content of team/app', '401']],
    ['refused', ['401', '401']],
    ['refused-by-registry', ['401', '401']],
  ] as const
  for (const [fault, expected] of faults) {
    cloud.control.breakSessionPolicies(fault)
    assert.deepEqual([await pull(login), await pull(login, 'platform/helper')], expected, fault)
    assert.equal(await pull(whole, 'platform/helper'), 'content of platform/helper', fault)
  }
})

/**
 * Sources: 404 with MANIFEST_UNKNOWN or NAME_UNKNOWN is distribution's own response to a token that
 * may pull (OCI distribution specification, error codes). 401 with `insufficient_scope` is what a
 * node reported of an Enterprise instance (https://github.com/aliyun/kvc-3fs-operator/issues/4).
 * Which of them ACR gives to those who may pull an unknown name is not documented: both are
 * emulated.
 */
test('an unknown repository is 404 for those who may pull it and 401 for others, or 401 for everybody', async () => {
  cloud.control.grant('puller', 'pull', JSON.parse(allow(['cr:PullRepository'])))
  const login = await credential(await session(limitTo('team/*')))
  const answer = async (who: Login | undefined, name: string, path = 'manifests/1') => {
    const token = await bearerFor(who, `${name}:pull`)
    const response = await fetch(new URL(`/v2/${name}/${path}`, registry.url), {
      headers: { authorization: `Bearer ${token}`, accept: 'application/vnd.oci.image.manifest.v1+json' },
    })
    const { errors = [] } = (await response.json()) as { errors?: readonly { code: string }[] }
    const scope = /error="([^"]*)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1]
    return [response.status, errors[0]?.code, scope].filter((part) => part !== undefined).join(' ')
  }
  const answers = async () => ({
    own: await answer(login, 'team/absent'),
    tags: await answer(login, 'team/absent', 'tags/list'),
    other: await answer(login, 'platform/absent'),
    anonymous: await answer(undefined, 'team/absent'),
    administrator: await answer(await credential(), 'team/absent'),
    existing: await answer(login, 'team/app'),
    tag: await answer(login, 'team/app', 'manifests/absent'),
  })
  const denied = '401 UNAUTHORIZED insufficient_scope'
  const rest = { other: denied, anonymous: denied, existing: '200', tag: '404 MANIFEST_UNKNOWN' }
  const [manifest, name] = ['404 MANIFEST_UNKNOWN', '404 NAME_UNKNOWN']
  assert.deepEqual(await answers(), { ...rest, own: manifest, tags: name, administrator: manifest })
  cloud.control.denyUnknownRepositories(true)
  assert.deepEqual(await answers(), { ...rest, own: denied, tags: denied, administrator: denied })
  // The repository exists from the first push on.
  assert.equal(await registryClient(registry.url, await credential()).push('team/absent', '1', 'now it exists'), 201)
  assert.deepEqual(await answers(), { ...rest, own: '200', tags: '200', administrator: '200' })
})

/**
 * No page of the vendor is cited. The source is the behaviour of kubelets: with kubeadm's
 * imageRepository for China, they pull `registry.cn-hangzhou.aliyuncs.com/google_containers/pause`
 * without a login.
 */
test('anyone pulls from a public repository, without a login and with an unrelated one, and nobody pushes without the right', async () => {
  const stranger = await credential(await session())
  assert.equal(await pull(undefined, 'acme/tools'), '401')
  cloud.control.setVisibility('acme/tools', 'public')
  assert.equal(await pull(undefined, 'acme/tools'), 'content of acme/tools')
  assert.equal(await pull(stranger, 'acme/tools'), 'content of acme/tools')
  // A wrong login is refused before the repository is checked.
  assert.equal(await pull({ ...stranger, password: 'wrong' }, 'acme/tools'), '401')
  assert.equal(await pull(undefined, 'team/app'), '401')
  assert.equal(await registryClient(registry.url, undefined).push('acme/tools', '2', 'not allowed'), 401)
  assert.throws(() => cloud.control.setVisibility('nobody/app', 'public'), { code: 'SEED_INVALID' })
  cloud.control.setVisibility('acme/tools', 'private')
  assert.equal(await pull(undefined, 'acme/tools'), '401')
})

/**
 * Source: "Configure access over the Internet" of Container Registry. The response status 403 of
 * the registry is not documented.
 */
test("pulls over the internet need an open endpoint of the instance, and the client's address in its allow-list", async () => {
  const login = await credential()
  const change = (internet: object) => cloud.control.changeInstance(DEMO, { internet })
  const status = async () => {
    const realm = `${cloud.registryAuth.realm}?service=${encodeURIComponent(cloud.registryAuth.service)}`
    const authorization = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`
    return (await fetch(`${realm}&scope=repository:team/app:pull`, { headers: { authorization } })).status
  }
  change({ acl: ['10.0.0.0/8', '203.0.113.9'] })
  try {
    assert.equal(await pull(login), 'content of team/app')
    cloud.control.pullFromInternet('203.0.113.9')
    assert.equal(await pull(login), 'content of team/app')
    cloud.control.pullFromInternet('10.255.0.1')
    assert.equal(await pull(login), 'content of team/app')
    cloud.control.pullFromInternet('203.0.113.10')
    assert.deepEqual([await pull(login), await status()], ['401', 403])
    change({ acl: [] })
    assert.equal(await pull(login), 'content of team/app')
    change({ enabled: false })
    assert.deepEqual([await pull(login), await status()], ['401', 403])
  } finally {
    cloud.control.pullFromInternet(undefined)
    change({ acl: [], enabled: true })
  }
})

test('pushing requires the permission to push', async () => {
  const client = async (keys?: Keys) => registryClient(registry.url, await credential(keys))
  assert.equal(await (await client()).push('team/app', '2', 'by the administrator'), 201)
  cloud.control.grant('puller', 'pull', JSON.parse(allow(['cr:PullRepository'])))
  assert.equal(await (await client(await session())).push('team/app', '3', 'not allowed'), 401)
  assert.equal(await registryClient(registry.url, undefined).push('team/app', '3', 'not allowed'), 401)
})

test('the token server distinguishes a valid login from an invalid one before any pull', async () => {
  const { realm, service } = cloud.registryAuth
  const requestToken = async (login: Login | undefined, audience = service) => {
    const headers = login && {
      authorization: `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`,
    }
    return fetch(`${realm}?service=${encodeURIComponent(audience)}`, { ...(headers && { headers }) })
  }
  const login = await credential()
  assert.equal((await requestToken(login)).status, 200)
  assert.equal((await requestToken({ ...login, password: 'wrong' })).status, 401)
  assert.equal((await requestToken(login, 'another registry')).status, 400)
  assert.equal(cloud.calls.at(-3)?.principal, `acs:ram::${cloud.accountId}:user/administrator`)
})
