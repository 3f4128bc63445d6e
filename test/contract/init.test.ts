import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { BIN, runBin } from '../cli/run-bin.ts'
import {
  ACCOUNT,
  ACTIONS,
  CLUSTERS,
  FAR_INSTANCE,
  INSTANCE,
  OTHER_ACCOUNT,
  OTHER_CLUSTER,
  userWithout,
} from '../support/cloud/init-cloud.ts'
import { useInitCloud } from '../support/cloud/use-init-cloud.ts'

const own = useInitCloud()

interface Options {
  readonly user?: string
  readonly account?: string
}
const init = (args: readonly string[], { user = 'reader', account }: Options = {}) =>
  runBin(['init', '--endpoints', own.endpoints, ...args], { cwd: own.folder, env: own.keyOf(user, account) })
const ONE = ['--cluster', CLUSTERS.rrsa, '--instance', INSTANCE, '--repositories', 'shop/*']

test('init writes values for a cluster with RRSA, and prints the command that shows what would change', async () => {
  const { code, stdout, stderr } = await init(ONE)
  assert.equal(code, 0, stderr)
  assert.deepEqual(stdout.split('\n'), [
    `account ${ACCOUNT}, as acs:ram::${ACCOUNT}:user/reader`,
    `cluster shop (${CLUSTERS.rrsa}, cn-hangzhou): rrsa, because RRSA is on, so only the helper gets the rights`,
    `instance shop-images (${INSTANCE}, cn-hangzhou)`,
    'wrote values.yaml',
    `next: acr-nopass plan --ack-cluster-id ${CLUSTERS.rrsa} --region cn-hangzhou -f values.yaml`,
    '',
  ])
  assert.deepEqual(await own.readYaml('values.yaml'), {
    registries: [
      {
        name: 'shop-images',
        edition: 'enterprise',
        instanceId: INSTANCE,
        region: 'cn-hangzhou',
        repositories: ['shop/*'],
      },
    ],
    identity: { type: 'rrsa' },
    region: 'cn-hangzhou',
  })
  assert.deepEqual(await readdir(own.folder), ['values.yaml'])
  const validate = await runBin(['validate', '-f', 'values.yaml'], { cwd: own.folder })
  assert.deepEqual([validate.code, validate.stdout], [0, 'valid: values.yaml\n'])
})

test('each line that a person may change has a comment', async () => {
  await init(ONE)
  const text = await readFile(join(own.folder, 'values.yaml'), 'utf8')
  for (const key of ['- name', 'region', 'repositories'])
    assert.match(text, new RegExp(`^ +${key}: .* # .{10}`, 'm'), key)
  for (const key of ['registries', 'identity', 'region']) assert.match(text, new RegExp(`^# .*\\n${key}:`, 'm'), key)
})

test('init reads and changes nothing in the cloud', async () => {
  const before = own.cloud.calls.length
  await init([...ONE, '--workflow'])
  const calls = own.cloud.calls.slice(before)
  assert.ok(calls.length >= 6)
  assert.deepEqual(
    calls.filter((call) => call.write || call.code !== ''),
    [],
  )
})

test('for clusters of several regions and kinds it writes a list, in which each differs only where it must', async () => {
  const { code, stdout, stderr } = await init(['--cluster', '*', '--instance', '*', '--repositories', '*'])
  assert.equal(code, 0, stderr)
  const list = await own.readYaml('clusters.yaml')
  const of = (clusterId: string) =>
    list.find((entry: { ack: { clusterId: string } }) => entry.ack.clusterId === clusterId)
  assert.equal(list.length, Object.keys(CLUSTERS).length)
  assert.deepEqual(of(CLUSTERS.rrsa), {
    name: 'shop',
    wave: 0,
    ack: { clusterId: CLUSTERS.rrsa, region: 'cn-hangzhou' },
    values: { region: 'cn-hangzhou' },
  })
  assert.deepEqual(of(CLUSTERS.roles), {
    name: 'batch',
    wave: 0,
    ack: { clusterId: CLUSTERS.roles, region: 'cn-beijing', privateEndpoint: true },
    values: { region: 'cn-beijing', identity: { type: 'worker-role' } },
  })
  assert.deepEqual(of(CLUSTERS.registered).values.identity, {
    type: 'access-key',
    accessKey: { existingSecret: 'acr-nopass-key' },
  })
  // Names that no entry may have, or that another entry has.
  assert.deepEqual([of(CLUSTERS.chinese).name, of(CLUSTERS.twin).name], [CLUSTERS.chinese, 'batch-77777777'])
  assert.equal(of(CLUSTERS.addon).coexist, true)
  const values = await own.readYaml('values.yaml')
  assert.deepEqual(values.identity, { type: 'rrsa' })
  assert.equal(values.region, undefined)
  assert.deepEqual(
    values.registries.map(({ name, region }: { name: string; region: string }) => [name, region]),
    [
      ['shop-images', 'cn-hangzhou'],
      ['base', 'cn-beijing'],
    ],
  )
  assert.match(stdout, /^next: acr-nopass plan --clusters-file clusters\.yaml -f values\.yaml$/m)
  const validate = await runBin(['validate', '--clusters-file', 'clusters.yaml', '-f', 'values.yaml'], {
    cwd: own.folder,
  })
  assert.equal(validate.code, 0, validate.stderr)
})

test('what a person must know or do first is said', async () => {
  const { stdout } = await init(['--cluster', '*', '--instance', '*', '--repositories', '*', '--dry-run', '-o', 'json'])
  const notes: string[] = JSON.parse(stdout).notes
  const has = (text: string): void =>
    assert.ok(
      notes.some((note) => note.includes(text)),
      `${text}\n${notes.join('\n')}`,
    )
  has('jobs: enable RRSA in the ACK console')
  has('datacenter: create Secret acr-nopass/acr-nopass-key')
  has("legacy has Alibaba's managed-aliyun-acr-credential-helper: both may run side by side")
  has(`cluster ${CLUSTERS.chinese} is not running: stopped`)
  has(`instance ${FAR_INSTANCE} is not running: STOPPED`)
  has(
    `instance ${INSTANCE} is not linked with vpc-batch, the VPC of cluster ${CLUSTERS.roles}, and its public endpoint is off`,
  )
})

test('a cluster with the add-on of Alibaba is planned beside it', async () => {
  const { stdout } = await init(['--cluster', 'legacy', '--instance', INSTANCE, '--repositories', '*'])
  assert.match(stdout, /^next: acr-nopass plan .* -f values\.yaml --coexist$/m)
})

test('a cluster whose API server is only in the VPC is planned there', async () => {
  const { stdout } = await init(['--cluster', CLUSTERS.roles, '--instance', 'base', '--repositories', '*'])
  assert.match(stdout, /^next: acr-nopass plan .* --region cn-beijing -f values\.yaml --private-endpoint$/m)
})

test('--workflow also writes a workflow that plans with the role of this account', async () => {
  const { stdout } = await init([...ONE, '--workflow'])
  assert.match(stdout, /^wrote \.github\/workflows\/acr-nopass\.yml$/m)
  const { jobs } = await own.readYaml('.github/workflows/acr-nopass.yml')
  assert.deepEqual(jobs.rollout.steps[1].with, {
    mode: 'plan',
    'ack-cluster-id': CLUSTERS.rrsa,
    region: 'cn-hangzhou',
    'values-files': 'values.yaml',
    'role-to-assume': `acs:ram::${ACCOUNT}:role/acr-nopass-deploy`,
    'oidc-provider-arn': `acs:ram::${ACCOUNT}:oidc-provider/github-actions`,
  })
})

test('without a terminal every missing flag is named, with what it may be', async () => {
  const { code, stderr } = await init([])
  assert.equal(code, 2)
  for (const text of ['--cluster (', CLUSTERS.rrsa, '--instance (', INSTANCE, '--repositories (']) {
    assert.ok(stderr.includes(text), `${text}\n${stderr}`)
  }
  const one = await init(['--cluster', 'Shop', '--repositories', '*'])
  assert.match(one.stderr, /missing: --instance \(/)
  assert.ok(!one.stderr.includes('--repositories ('))
  assert.deepEqual(await readdir(own.folder), [])
})

test('--yes takes the only cluster and the only instance, and never one of several', async () => {
  const only = await init(['--yes'], { user: 'administrator', account: OTHER_ACCOUNT })
  assert.equal(only.code, 0, only.stderr)
  assert.match(only.stdout, new RegExp(`^cluster other \\(${OTHER_CLUSTER}, cn-shanghai\\): rrsa`, 'm'))
  assert.deepEqual((await own.readYaml('values.yaml')).registries[0].repositories, ['*'])
  const several = await init(['--yes', '--to', 'b'])
  assert.equal(several.code, 2)
  assert.match(several.stderr, /missing: --cluster .*; --instance/)
})

test('each account sees its own clusters and instances only', async () => {
  const args = ['--cluster', CLUSTERS.rrsa, '--instance', 'other-images', '--repositories', '*']
  const { code, stderr } = await init(args, { user: 'administrator', account: OTHER_ACCOUNT })
  assert.equal(code, 2)
  assert.match(stderr, new RegExp(`--cluster: the account has no cluster ${CLUSTERS.rrsa}`))
})

test('an account without clusters and instances is said to be empty', async () => {
  const { code, stderr } = await init(['--yes'], { user: 'administrator', account: '1112223334445556' })
  assert.equal(code, 2)
  assert.match(stderr, /INIT_NOTHING: account 1112223334445556 has no ACK cluster and no Enterprise instance/)
})

test('a name of two clusters is refused with their ids', async () => {
  const { stderr } = await init(['--cluster', 'batch', '--instance', INSTANCE, '--repositories', '*'])
  assert.match(stderr, new RegExp(`2 clusters are called batch: .*${CLUSTERS.roles}, ${CLUSTERS.twin}`))
  const { code } = await init(['--cluster', 'cn-beijing/batch', '--instance', INSTANCE, '--repositories', '*'])
  assert.equal(code, 0)
})

for (const [name, make] of [
  ['a file', (file: string) => writeFile(file, 'mine')],
  ['a link that leads nowhere', (file: string) => symlink('/nowhere', file)],
  ['a folder', (file: string) => mkdir(file)],
] as const) {
  test(`${name} called values.yaml is never overwritten, and refused before anything is read`, async () => {
    await make(join(own.folder, 'values.yaml'))
    const before = own.cloud.calls.length
    const { code, stderr } = await init(ONE)
    assert.equal(code, 2)
    assert.match(stderr, /INIT_FILE_EXISTS: values\.yaml already exists/)
    assert.equal(own.cloud.calls.length, before)
    assert.deepEqual(await readdir(own.folder), ['values.yaml'])
  })
}

test('if one file exists, no file is written', async () => {
  await writeFile(join(own.folder, 'clusters.yaml'), 'mine')
  const { code, stderr } = await init(['--cluster', '*', '--instance', '*', '--repositories', '*', '--workflow'])
  assert.equal(code, 2)
  assert.match(stderr, /INIT_FILE_EXISTS: clusters\.yaml/)
  assert.deepEqual(await readdir(own.folder), ['clusters.yaml'])
  assert.equal(await readFile(join(own.folder, 'clusters.yaml'), 'utf8'), 'mine')
})

test('--to writes into another folder, and the next command names it', async () => {
  const { stdout } = await init([...ONE, '--to', 'my files/'])
  assert.match(stdout, /^wrote my files\/values\.yaml$/m)
  assert.match(stdout, /-f 'my files\/values\.yaml'$/m)
  assert.deepEqual(await readdir(join(own.folder, 'my files')), ['values.yaml'])
})

test('a folder that cannot be written leaves nothing', async () => {
  await writeFile(join(own.folder, 'taken'), '')
  const { code, stderr } = await init([...ONE, '--to', 'taken/sub'])
  assert.equal(code, 2)
  assert.match(stderr, /INPUT_INVALID: nothing was written/)
  assert.deepEqual(await readdir(own.folder), ['taken'])
})

test('--dry-run prints the files and writes none', async () => {
  const { code, stdout, stderr } = await init([...ONE, '--dry-run'])
  assert.equal(code, 0)
  assert.deepEqual((parse(stdout) as { identity: object }).identity, { type: 'rrsa' })
  assert.match(stderr, /^next: acr-nopass plan/m)
  assert.deepEqual(await readdir(own.folder), [])
})

test('-o json holds the files, the notes and the next command', async () => {
  const { stdout } = await init([...ONE, '-o', 'json'])
  const { account, written, files, clusters, next } = JSON.parse(stdout)
  assert.deepEqual([account, written, clusters[0].identity], [ACCOUNT, true, 'rrsa'])
  assert.equal(files[0].text, await readFile(join(own.folder, 'values.yaml'), 'utf8'))
  assert.match(next, /^acr-nopass plan /)
})

test('wrong repositories are refused before anything is read of a cluster', async () => {
  const { code, stderr } = await init([...ONE.slice(0, 4), '--repositories', 'shop/*,Shop'])
  assert.equal(code, 2)
  assert.match(stderr, /--repositories: "Shop" is not NAMESPACE\/NAME/)
})

test('without credentials, and with refused ones, it says which are needed', async () => {
  const none = await runBin(['init', '--endpoints', own.endpoints], { cwd: own.folder })
  assert.equal(none.code, 1)
  assert.match(none.stderr, /CREDENTIALS_MISSING.*\n.*aliyun configure/)
  const wrong = { ALIBABA_CLOUD_ACCESS_KEY_ID: 'LTAInope', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'nope' }
  const refused = await runBin(['init', '--endpoints', own.endpoints], { cwd: own.folder, env: wrong })
  assert.match(refused.stderr, /CREDENTIALS_REFUSED/)
})

test('the profile of aliyun gives credentials', async () => {
  const { ALIBABA_CLOUD_ACCESS_KEY_ID: id, ALIBABA_CLOUD_ACCESS_KEY_SECRET: secret } = own.keyOf('reader')
  await mkdir(join(own.folder, '.aliyun'))
  const profile = { name: 'me', mode: 'AK', access_key_id: id, access_key_secret: secret, region_id: 'cn-beijing' }
  await writeFile(join(own.folder, '.aliyun/config.json'), JSON.stringify({ current: 'me', profiles: [profile] }))
  const { code, stderr } = await runBin(['init', '--endpoints', own.endpoints, ...ONE], {
    cwd: own.folder,
    env: { HOME: own.folder },
  })
  assert.equal(code, 0, stderr)
})

test('the rights of `policy --ci --init` are enough', async () => {
  const { stdout } = await runBin(['policy', '--ci', '--init', '--account-id', ACCOUNT])
  const { Statement } = JSON.parse(stdout)
  assert.deepEqual(Statement.flatMap(({ Action }: { Action: string[] }) => Action).sort(), [...ACTIONS].sort())
  const { stdout: json } = await init([
    '--cluster',
    '*',
    '--instance',
    '*',
    '--repositories',
    '*',
    '-o',
    'json',
    '--dry-run',
  ])
  assert.ok(!JSON.parse(json).notes.some((note: string) => note.startsWith('not read')))
})

/** What init does without one of its rights, and the flags that then replace it. */
const NEEDED: Readonly<Record<string, { readonly without: RegExp; readonly instead: readonly string[] }>> = {
  'cs:GetClusters': {
    without: /--cluster: Shop is no cluster id, and its name cannot be looked up: the list of clusters/,
    instead: ['--cluster', `cn-hangzhou/${CLUSTERS.rrsa}`, '--instance', INSTANCE],
  },
  'cr:ListInstance': {
    without: /--instance: shop-images is no instance id, and its name cannot be looked up: the list of instances/,
    instead: ['--cluster', CLUSTERS.rrsa, '--instance', `cn-hangzhou/${INSTANCE}`],
  },
  'cs:DescribeClusterDetail': {
    without: new RegExp(`INPUT_MISSING: --identity: whether RRSA is on could not be read for ${CLUSTERS.rrsa}`),
    instead: ['--cluster', CLUSTERS.rrsa, '--instance', INSTANCE, '--identity', 'rrsa'],
  },
  'cs:ListClusterAddonInstances': { without: /note: not read: the add-ons of cluster/, instead: [] },
  'cr:ListInstanceEndpoint': { without: /note: not read: the domains of instance/, instead: [] },
}

for (const action of ACTIONS) {
  test(`without ${action} the missing part is named, and a flag replaces it`, async () => {
    const { without, instead } = NEEDED[action] ?? assert.fail(`no case for ${action}`)
    const user = userWithout(action)
    const names = ['--cluster', 'Shop', '--instance', 'shop-images', '--repositories', 'shop/*', '--dry-run']
    const first = await init(names, { user })
    assert.match(`${first.stdout}${first.stderr}`, without)
    const second = await init([...(instead.length > 0 ? instead : names.slice(0, 4)), '--repositories', 'shop/*'], {
      user,
    })
    assert.equal(second.code, 0, second.stderr)
    assert.match(second.stdout, new RegExp(`note: .*${action}`))
    assert.deepEqual((await own.readYaml('values.yaml')).identity, { type: 'rrsa' })
  })
}

test('Ctrl-C while the account is read ends with 130, and leaves nothing', async () => {
  // A cloud that accepts the connection and never responds.
  const asked = Promise.withResolvers<void>()
  const silent = createServer(() => asked.resolve()).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const origin = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
  const endpoints = JSON.stringify({ sts: origin, cs: origin, cr: origin })
  const env = { PATH: process.env.PATH ?? '', ...own.keyOf('reader') }
  const child = spawn(BIN, ['init', '--endpoints', endpoints, ...ONE], { cwd: own.folder, env, stdio: 'ignore' })
  try {
    const exit = once(child, 'exit')
    await asked.promise
    child.kill('SIGINT')
    assert.deepEqual(await exit, [130, null])
    assert.deepEqual(await readdir(own.folder), [])
  } finally {
    child.kill('SIGKILL')
    silent.closeAllConnections()
    silent.close()
  }
})

test('without any right the files are written from flags alone', async () => {
  const missing = await init(['--yes'], { user: 'nobody' })
  assert.equal(missing.code, 2)
  assert.match(
    missing.stderr,
    /--cluster \(the list of clusters in cn-hangzhou could not be read, so write REGION\/ID\)/,
  )
  const args = [
    '--cluster',
    CLUSTERS.rrsa,
    '--instance',
    INSTANCE,
    '--region',
    'cn-hangzhou',
    '--identity',
    'rrsa',
    '--yes',
  ]
  const { code, stderr } = await init(args, { user: 'nobody' })
  assert.equal(code, 0, stderr)
  assert.deepEqual((await own.readYaml('values.yaml')).identity, { type: 'rrsa' })
})
