import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { findCredentials, findRegion, profileCredentials } from '../../src/alibaba/identities/find-credentials.ts'
import { createDefaultTransport } from '../../src/alibaba/transport/cloud-transport.ts'
import { createEndpoints } from '../../src/alibaba/transport/endpoints.ts'

const home = await mkdtemp(join(tmpdir(), 'acr-nopass-profile-'))
after(() => rm(home, { recursive: true }))
const find = (env: Readonly<Record<string, string>>) =>
  findCredentials({
    env,
    transport: createDefaultTransport(),
    endpoints: createEndpoints({ network: 'public' }),
    sessionName: 'somebody',
  })
const KEY = { ALIBABA_CLOUD_ACCESS_KEY_ID: 'id', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'secret' }
const PROFILES = JSON.stringify({
  current: 'work',
  profiles: [
    { name: 'work', mode: 'AK', access_key_id: 'a', access_key_secret: 'b', sts_token: '' },
    {
      name: 'session',
      mode: 'StsToken',
      access_key_id: 'c',
      access_key_secret: 'd',
      sts_token: 'e',
      region_id: 'cn-beijing',
    },
    { name: 'role', mode: 'RamRoleArn', access_key_id: 'f', access_key_secret: 'g', ram_role_arn: 'r' },
    { name: 'empty', mode: 'AK', access_key_id: '', access_key_secret: '' },
    null,
  ],
})

/**
 * Source of the order: src/providers/default.ts of github.com/aliyun/credentials-nodejs. The CLI
 * `aliyun` differs: OverwriteWithFlags in config/profile.go of github.com/aliyun/aliyun-cli fills
 * only what the profile lacks from variables. We keep the SDK's order, because
 * aliyun/configure-aliyun-credentials-action exports ALIBABA_CLOUD_ACCESS_KEY_ID and the others
 * (setOutput in its index.js) for later steps, and a runner may have a profile.
 */
test('the first of variables, role and profile is used; without them there are no credentials', async () => {
  assert.equal(await find({}), undefined)
  assert.equal(await find({ ALIBABA_CLOUD_ACCESS_KEY_ID: 'id' }), undefined)
  assert.equal(await find({ HOME: home }), undefined)
  assert.deepEqual(await (await find(KEY))?.get(), { accessKeyId: 'id', accessKeySecret: 'secret' })
  const role = {
    ALIBABA_CLOUD_ROLE_ARN: 'acs:ram::1:role/r',
    ALIBABA_CLOUD_OIDC_PROVIDER_ARN: 'acs:ram::1:oidc-provider/p',
    ALIBABA_CLOUD_OIDC_TOKEN_FILE: '/token',
  }
  assert.equal((await find({ ...role, ...KEY }))?.name, 'environment')
  assert.equal((await find(role))?.sharedSession, false)
  await mkdir(join(home, '.aliyun'), { recursive: true })
  await writeFile(join(home, '.aliyun', 'config.json'), PROFILES)
  const profile = await find({ HOME: home })
  assert.deepEqual([profile?.name, await profile?.get()], ['profile', { accessKeyId: 'a', accessKeySecret: 'b' }])
  assert.deepEqual(await (await find({ HOME: home, ...KEY }))?.get(), { accessKeyId: 'id', accessKeySecret: 'secret' })
})

/**
 * Source: getProfileName and LoadProfileWithContext in config/configuration.go of
 * github.com/aliyun/aliyun-cli. They compare with TRUE in capitals.
 */
test('variables of the CLI choose the profile, or switch all profiles off', async () => {
  await mkdir(join(home, '.aliyun'), { recursive: true })
  await writeFile(join(home, '.aliyun', 'config.json'), PROFILES)
  const rows: readonly [Readonly<Record<string, string>>, string | undefined][] = [
    [{}, 'a'],
    [{ ALIBABA_CLOUD_PROFILE: 'session' }, 'c'],
    [{ ALICLOUD_PROFILE: 'session' }, 'c'],
    [{ ALIBABACLOUD_PROFILE: 'session', ALIBABA_CLOUD_PROFILE: 'work' }, 'c'],
    [{ ALIBABACLOUD_PROFILE: '', ALIBABA_CLOUD_PROFILE: 'session', ALICLOUD_PROFILE: 'work' }, 'c'],
    [{ ALIBABA_CLOUD_PROFILE: 'nowhere' }, undefined],
    [{ ALIBABA_CLOUD_IGNORE_PROFILE: 'TRUE' }, undefined],
    [{ ALIBABACLOUD_IGNORE_PROFILE: 'TRUE', ALIBABA_CLOUD_PROFILE: 'work' }, undefined],
    [{ ALIBABA_CLOUD_IGNORE_PROFILE: 'true' }, 'a'],
  ]
  for (const [env, id] of rows) {
    const profile = await find({ HOME: home, ...env })
    assert.equal((await profile?.get())?.accessKeyId, id, JSON.stringify(env))
  }
  const region = (env: Readonly<Record<string, string>>) => findRegion({ HOME: home, ...env })
  assert.equal(await region({ ALIBABACLOUD_PROFILE: 'session' }), 'cn-beijing')
  assert.equal(await region({ ALIBABACLOUD_PROFILE: 'session', ALIBABA_CLOUD_IGNORE_PROFILE: 'TRUE' }), undefined)
})

test('a profile counts if it has its own key', () => {
  const key = (name?: string) => profileCredentials(PROFILES, name)
  assert.deepEqual(key(), { accessKeyId: 'a', accessKeySecret: 'b' })
  assert.deepEqual(key('session'), { accessKeyId: 'c', accessKeySecret: 'd', securityToken: 'e' })
  for (const name of ['role', 'empty', 'nowhere']) assert.equal(key(name), undefined, name)
  for (const text of ['', 'null', '{', '{"profiles": 1}', '[]'])
    assert.equal(profileCredentials(text, undefined), undefined)
})
