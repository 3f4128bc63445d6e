import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorCode } from '../../src/errors.ts'
import { NopassError } from '../../src/errors.ts'
import type { NodeConfig, NodeRegistry } from '../../src/node/node-config.ts'
import { answerRequest } from '../../src/node/provider/answer-request.ts'
import type { WantedLogin } from '../../src/node/provider/fetch-login.ts'
import type { LoginRecord } from '../../src/node/provider/login-record.ts'
import { nodeRegistry, nodeSettings } from './node-settings.ts'

const ROLE = 'acs:ram::1234567890123456:role/puller'
const HOUR = 3_600_000
/** The cloud's clock minus the uptime. */
const AHEAD = 50 * HOUR

/** A node whose cloud issues logins for the domain of each instance, or fails with a code. */
function nodeOf(registries: readonly NodeRegistry[], change: Partial<NodeConfig> = {}) {
  const records = new Map<string, LoginRecord>()
  const failing = new Map<string, ErrorCode>()
  const calls: string[] = []
  let kept = 0
  let uptime = 0
  const nameOf = ({ values, identity }: WantedLogin): string =>
    `${identity.kind === 'worker-role' ? 'node' : 'account'} ${values.name.split('.')[0]}`
  const config = nodeSettings({ registries, ...change })
  const node = {
    beforeLock: undefined as ((key: string, records: Map<string, LoginRecord>) => void) | undefined,
    calls,
    failing,
    async ask(image: string, account?: object) {
      calls.length = 0
      uptime += 1000
      const startedAt = uptime
      const request = { image: `${image.split('/')[0]}-registry.cn-hangzhou.cr.aliyuncs.com/${image}` }
      const pod = {
        namespace: 'shop',
        name: 'web',
        uid: 'u',
        token: 't',
        annotations: { 'acr-nopass.io/role-arn': ROLE },
      }
      const login = await answerRequest(
        { ...request, ...(account && { account: { ...pod, ...account } }) },
        {
          config,
          store: {
            read: (key) => records.get(key),
            write: (key, record) => void records.set(key, record),
            lock(key) {
              node.beforeLock?.(key, records)
              return true
            },
            unlock: () => undefined,
          },
          async fetchLogin(wanted) {
            const name = nameOf(wanted)
            calls.push(name)
            const code = failing.get(name)
            if (code !== undefined) throw new NopassError(code, name)
            const domains = [`${wanted.values.instanceId?.slice(4)}-registry.cn-hangzhou.cr.aliyuncs.com`]
            return { username: name, password: 'p', domains, expiresAt: AHEAD + HOUR, refreshAt: AHEAD + HOUR }
          },
          time: () => ({ boot: 'b', uptime }),
          cloudNow: () => uptime + AHEAD,
          startedAt,
          sleep: async () => undefined,
        },
        new AbortController().signal,
      )
      kept = login?.cacheSeconds ?? 0
      return login?.username
    },
    forget(username: string): void {
      for (const [key, { login }] of records) if (login?.username === username) records.delete(key)
    },
    /** How many seconds the kubelet may keep the last login. */
    kept: () => kept,
  }
  return node
}

const LIMITED: Partial<NodeRegistry> = {
  instanceId: 'cri-prod',
  repositories: ['prod/*'],
  limit: 'repositories',
  assumeRole: [{ roleArn: ROLE, durationSeconds: 3600 }],
}

test('a login that the node already has does not replace the one whose list has the image, except for seconds after a failure', async () => {
  const node = nodeOf([
    nodeRegistry('rest', { instanceId: 'cri-prod', repositories: ['shop/*'] }),
    nodeRegistry('team', LIMITED),
  ])
  node.failing.set('node team', 'CLOUD_UNREACHABLE')
  assert.equal(await node.ask('prod/app'), 'node rest')
  assert.equal(node.kept(), 15)
  node.failing.clear()
  assert.equal(await node.ask('prod/app'), 'node team')
  assert.equal(await node.ask('prod/app'), 'node team')
  assert.deepEqual([node.calls, node.kept() > 3000], [[], true])
})

test('an instance that has the domain of an image is asked before any other of its region, once this is known', async () => {
  const node = nodeOf([nodeRegistry('first'), nodeRegistry('second'), nodeRegistry('third')])
  assert.equal(await node.ask('second/app'), 'node second')
  assert.deepEqual(node.calls, ['node first', 'node second'])
  node.failing.set('node third', 'CLOUD_UNREACHABLE')
  assert.equal(await node.ask('second/app'), 'node second')
  assert.deepEqual(node.calls, [])
  assert.equal(await node.ask('first/app'), 'node first')
  assert.deepEqual(node.calls, [])
  // The kept domains of an instance decide, also if nothing is known of an earlier entry.
  node.forget('node first')
  assert.equal(await node.ask('second/app'), 'node second')
  assert.deepEqual(node.calls, [])
})

test('an instance that fails does not hide another that has the domain, and is named if none has', async () => {
  const node = nodeOf([nodeRegistry('first'), nodeRegistry('second')])
  node.failing.set('node first', 'CLOUD_DENIED')
  assert.equal(await node.ask('second/app'), 'node second')
  await assert.rejects(node.ask('first/app'), { code: 'CLOUD_DENIED', message: 'node first' })
})

test('a refused ServiceAccount gets the login of the node only if the values have this fallback, for seconds, and never in an outage', async () => {
  const service = { identity: 'service-account', oidcProviderArn: 'acs:ram::1234567890123456:oidc-provider/p' } as const
  for (const code of ['IDENTITY_NOT_TRUSTED', 'CLOUD_DENIED', 'CLOUD_NOT_FOUND'] as const) {
    const strict = nodeOf([nodeRegistry('prod')], service)
    strict.failing.set('account prod', code)
    await assert.rejects(strict.ask('prod/app', {}), { code })
    const lenient = nodeOf([nodeRegistry('prod')], { ...service, fallback: 'worker-role' })
    lenient.failing.set('account prod', code)
    assert.equal(await lenient.ask('prod/app', {}), 'node prod')
    assert.equal(lenient.kept(), 15)
  }
  for (const code of ['CLOUD_UNREACHABLE', 'CLOUD_THROTTLED', 'NODE_TIMEOUT'] as const) {
    const lenient = nodeOf([nodeRegistry('prod')], { ...service, fallback: 'worker-role' })
    lenient.failing.set('account prod', code)
    await assert.rejects(lenient.ask('prod/app', {}), { code })
    assert.deepEqual(lenient.calls, ['account prod'])
    // One instance refuses the ServiceAccount. The other has the image, and does not respond.
    const several = nodeOf([nodeRegistry('first'), nodeRegistry('prod')], { ...service, fallback: 'worker-role' })
    several.failing.set('account first', 'CLOUD_DENIED').set('account prod', code)
    await assert.rejects(several.ask('prod/app', {}), { code })
    assert.deepEqual(several.calls, ['account first', 'account prod'])
  }
})

test('a login that another process stored just before the lock was taken is used without a call', async () => {
  const node = nodeOf([nodeRegistry('prod')])
  node.beforeLock = (key, records) => {
    const login = { username: 'other', password: 'p', domains: ['prod-registry.cn-hangzhou.cr.aliyuncs.com'] }
    records.set(key, { boot: 'b', login: { ...login, expiresAt: HOUR, refreshAt: HOUR, cloudAhead: 0 } })
  }
  assert.equal(await node.ask('prod/app'), 'other')
  assert.deepEqual(node.calls, [])
})

test('the kubelet may keep a new login until it is due, and the login of the next Pod for the rest of that time', async () => {
  const node = nodeOf([nodeRegistry('prod')])
  await node.ask('prod/app')
  const first = node.kept()
  assert.equal(first, 3599)
  await node.ask('prod/app')
  assert.equal(node.kept(), first - 1)
})

test('an annotation that names no role is reported, unless the login of the node steps in', async () => {
  const annotations = { 'acr-nopass.io/role-arn': 'puller' }
  const service = { identity: 'service-account' } as const
  await assert.rejects(nodeOf([nodeRegistry('prod')], service).ask('prod/app', { annotations }), {
    code: 'NODE_ROLE_INVALID',
  })
  const lenient = nodeOf([nodeRegistry('prod')], { ...service, fallback: 'worker-role' })
  assert.equal(await lenient.ask('prod/app', { annotations }), 'node prod')
  assert.equal(await nodeOf([nodeRegistry('prod')], service).ask('prod/app', { annotations: {} }), undefined)
})
