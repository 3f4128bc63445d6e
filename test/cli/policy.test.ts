import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parse, stringify } from 'yaml'
import { expectSample } from '../support/sample.ts'
import { ROOT, runBin } from './run-bin.ts'

const PROVIDER = 'acs:ram::1234567890123456:oidc-provider/github-actions'
const WORKER = ['policy', '-f', 'examples/values/enterprise-worker-role.yaml']
const CHAIN = ['policy', '-f', 'examples/values/cross-account.yaml']
const RRSA = ['policy', '-f', 'examples/values/enterprise-rrsa.yaml']
const CI = ['policy', '--ci', '--clusters-file', 'examples/clusters/waves.yaml', ...WORKER.slice(1)]
const GITHUB = ['policy', '--github', 'acme/platform', '--oidc-provider-arn', PROVIDER]
const IDS = ['--owner-id', '11', '--repository-id', '22']
const LOGIN = ['policy', '--ci', '--login']
const PUSH = ['--repositories', 'shop/web,shop/api', '--push']

const GOLDEN: readonly { readonly file: string; readonly args: readonly string[]; readonly notes?: RegExp }[] = [
  { file: 'policy-worker-role.json', args: WORKER },
  { file: 'policy-chain.txt', args: CHAIN, notes: /^note: the trust of .*role\/acr-pull needs --role-arn.*\n$/ },
  { file: 'policy-chain-trust.txt', args: [...CHAIN, '--role-arn', 'acs:ram::1234567890123456:role/Worker'] },
  { file: 'policy-rrsa.txt', args: [...RRSA, '--issuer', 'https://oidc.example.com/c0123'] },
  {
    file: 'policy-check.txt',
    args: [...CI, '--read-only'],
    notes: /^note: in each cluster the job also needs rights that only read; .*\n$/,
  },
  { file: 'policy-ci.txt', args: CI, notes: /^note: worker roles are not named.*\nnote: cluster datacenter: .*\n$/ },
  {
    file: 'policy-ci-github.txt',
    args: [...CI, '--worker-role', 'KubernetesWorkerRole-1', ...GITHUB.slice(1), ...IDS],
    notes: /datacenter/,
  },
  { file: 'policy-github.json', args: [...GITHUB, ...IDS, '--subject', 'environment:production'] },
  {
    file: 'policy-github-old.json',
    args: [...GITHUB, ...IDS, '--subject', 'environment:production', '--old-subject'],
  },
  // The subjects of GitHub Enterprise Server contain no IDs, so GitHub is not called either.
  {
    file: 'policy-github-server.json',
    args: [...GITHUB, '--issuer', 'https://github.acme.example/_services/token'],
    notes: /^note: GitHub Enterprise Server has no immutable subjects: .*\n$/,
  },
  // The value of `rrsa_config.issuer`.
  {
    file: 'policy-rrsa.txt',
    args: [...RRSA, '--issuer', 'https://oidc.example.com/c0123,https://kubernetes.default.svc'],
  },
  {
    file: 'policy-rrsa.tf',
    args: [...RRSA, '--ack-cluster-id', 'c0123', '--issuer', 'https://oidc.example.com/c0123', '--format', 'terraform'],
  },
  {
    file: 'policy-worker-role.tf',
    args: [...WORKER, '--worker-role', 'KubernetesWorkerRole-1', '--format', 'terraform'],
  },
  // The role of another account must not be created in the helper's own account.
  {
    file: 'policy-chain.tf',
    args: [...CHAIN, '--role-arn', 'acs:ram::1234567890123456:role/Worker', '--format', 'terraform'],
  },
  {
    file: 'policy-login-github.txt',
    args: [...LOGIN, '--registry', 'cri-abc123', '--region', 'cn-hangzhou', ...PUSH, ...GITHUB.slice(1), ...IDS],
    notes: /^note: a push to a repository that does not exist also needs `cr:CreateRepository`.*\n$/,
  },
  {
    file: 'policy-login-create.json',
    args: [...LOGIN, '--registry', 'shop-registry.cn-hangzhou.cr.aliyuncs.com', ...PUSH, '--create-repositories'],
    notes: /^note: shop-registry\S* is looked up among all instances of cn-hangzhou; .*narrower\n$/,
  },
  { file: 'policy-login-values.json', args: [...LOGIN, '-f', 'examples/values/teams.yaml'] },
]

test('the page about teams shows the titles of the documents that its command prints', async () => {
  const page = readFileSync(join(ROOT, 'docs/en/teams.md'), 'utf8')
  const [, command = ''] = /^acr-nopass (policy -f values\.yaml --role-arn \S+)$/m.exec(page) ?? []
  const teams = parse(readFileSync(join(ROOT, 'examples/values/teams.yaml'), 'utf8'))
  const assumeRole = [{ roleArn: 'acs:ram::1234567890123456:role/acr-pull' }]
  const registries = teams.registries.map((entry: object) => ({ ...entry, assumeRole }))
  const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-teams-'))
  try {
    writeFileSync(join(folder, 'values.yaml'), stringify({ registries, identity: { type: 'worker-role' } }))
    const { code, stdout, stderr } = await runBin(command.split(' '), { cwd: folder })
    assert.equal(code, 0, stderr)
    expectSample('policy-teams', [...stdout.matchAll(/^# (.*)$/gm)].map(([, title]) => title).join('\n'))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('--only prints one of several documents as the bare JSON that RAM accepts, and -o json names its role', async () => {
  const all = readFileSync(join(import.meta.dirname, 'golden', 'policy-rrsa.txt'), 'utf8')
  const documents = all.split(/^# .*\n/m).flatMap((text) => (text === '' ? [] : [JSON.parse(text)]))
  const args = [...RRSA, '--issuer', 'https://oidc.example.com/c0123']
  const [policy, trust] = await Promise.all(['policy', 'trust'].map((kind) => runBin([...args, '--only', kind])))
  assert.deepEqual(
    [policy, trust].map((one) => JSON.parse(one?.stdout ?? '')),
    documents,
  )
  const data = await runBin([...args, '--only', 'policy', '-o', 'json'])
  const [only, ...others] = JSON.parse(data.stdout).documents
  assert.deepEqual([only.kind, only.attachTo, others], ['policy', ['acr-nopass-c0123'], []])
  const refused = await runBin([...args, '--only', 'policy', '--format', 'terraform'])
  assert.equal(refused.code, 2)
  const none = await runBin([...RRSA, '--only', 'trust'])
  assert.deepEqual([none.code, none.stdout], [2, ''])
  assert.match(none.stderr, /^INPUT_MISSING: there is no trust document to print\n {2}fix: .*--issuer/)
  const values =
    'identity: { type: rrsa }\nregion: cn-hangzhou\nregistries: [{ name: a, edition: enterprise, instanceId: cri-abc123, region: cn-hangzhou }]\n'
  const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-policy-'))
  writeFileSync(join(folder, 'values.yaml'), values)
  const ci = await runBin(['policy', '--ci', '-f', 'values.yaml'], { cwd: folder })
  assert.equal(ci.code, 2)
  assert.match(
    ci.stderr,
    /^INPUT_MISSING: the role of the helper is named after its id in ACK.*\n {2}fix: Name the cluster with --ack-cluster-id/,
  )
  rmSync(folder, { recursive: true })
  assert.match(refused.stderr, /'--only <kind>' cannot be used with option '--format <form>'/)
})

for (const { file, args, notes } of GOLDEN) {
  test(`prints ${file} for ${args.slice(1).join(' ')}`, async () => {
    const { code, stdout, stderr } = await runBin(args)
    assert.equal(code, 0, stderr)
    assert.equal(stdout, readFileSync(join(import.meta.dirname, 'golden', file), 'utf8'))
    if (notes === undefined) assert.equal(stderr, '')
    else assert.match(stderr, notes)
  })
}

test('-o json names the role of each document', async () => {
  const { stdout } = await runBin([...RRSA, '--issuer', 'https://oidc.example.com/c0123', '-o', 'json'])
  const { documents, notes } = JSON.parse(stdout)
  assert.deepEqual(notes, [])
  assert.deepEqual(
    documents.map(({ kind, name, attachTo }: Record<string, unknown>) => [kind, name, attachTo]),
    [
      ['policy', 'acr-nopass', ['acr-nopass-c0123']],
      ['trust', 'acr-nopass-c0123', []],
    ],
  )
})

test('on ECI the policy is for the role of the Pod, and the workflow may attach it there', async () => {
  const values = ['policy', '-f', 'chart/ci/eci-values.yaml', '-o', 'json']
  const attachTo = async (...args: string[]): Promise<unknown> => {
    const { stdout } = await runBin([...values, ...args])
    return JSON.parse(stdout).documents.map((one: Record<string, unknown>) => one.attachTo)
  }
  assert.deepEqual(await attachTo(), [['acr-nopass-eci']])
  assert.deepEqual(await attachTo('--worker-role', 'nodes'), [['nodes', 'acr-nopass-eci']])
  const { stdout, stderr } = await runBin([...values, '--ci'])
  assert.match(stdout, /:role\/acr-nopass-eci"/)
  assert.doesNotMatch(stdout, /WorkerRole/)
  assert.doesNotMatch(stderr, /worker roles are not named/)
})

test('the workflow may write the role of limited entries in its own account, and no role of another account', async () => {
  const least = async (account: string, ...args: string[]): Promise<string> => {
    const command = ['policy', '--ci', '-f', 'test/cli/fixtures/limit-role.yaml', '--worker-role', 'nodes']
    return (await runBin([...command, '--ack-cluster-id', 'c1', '--account-id', account, ...args])).stdout
  }
  const actionsOn = (text: string): readonly string[] =>
    JSON.parse(text).Statement.flatMap(({ Action, Resource }: Record<string, readonly string[]>) =>
      Resource?.some((one) => /[/](acr-nopass-)?puller$/.test(one)) ? Action : [],
    )
  assert.deepEqual(new Set(actionsOn(await least('1234567890123456'))), new Set(LIMIT_ROLE))
  const cleanup = [...LIMIT_ROLE, 'ram:DeletePolicy', 'ram:DeleteRole']
  assert.deepEqual(new Set(actionsOn(await least('1234567890123456', '--ram-cleanup'))), new Set(cleanup))
  assert.deepEqual(actionsOn(await least('6543210987654321')), [])
  assert.deepEqual(actionsOn(await least('1234567890123456', '--ram', 'none')), [])
})

/** What writes a role with its trust, its policy, and the attachment. */
const LIMIT_ROLE = [
  ...['GetRole', 'CreateRole', 'UpdateRole', 'ListPoliciesForRole', 'AttachPolicyToRole', 'DetachPolicyFromRole'],
  ...['GetPolicy', 'CreatePolicy', 'CreatePolicyVersion', 'UpdatePolicyDescription', 'ListEntitiesForPolicy'],
].map((action) => `ram:${action}`)

// Sources: `KubernetesWorkerRole-<id>` is an example of worker_ram_role_name and ram_role_name in
// @alicloud/cs20151215 7.2.0. `AliyunCSManagedDefaultWorkerRole` is the worker role of Kubernetes
// clusters in the role table of the vendor's Terraform module for service roles. Node pools may
// have a role with any name, so other roles must be named by the user.
test('without named worker roles the workflow gets the two usual names, and a note explains how to name others', async () => {
  const args = ['policy', '--ci', '-f', 'examples/values/enterprise-worker-role.yaml', '--ack-cluster-id', 'c1']
  const { stdout, stderr } = await runBin(args)
  for (const role of ['KubernetesWorkerRole-*', 'AliyunCSManagedDefaultWorkerRole']) {
    assert.ok(stdout.includes(`:role/${role}"`), role)
  }
  assert.match(stderr, /^note: worker roles are not named.*name those of node pools with --worker-role/)
  const named = await runBin([...args, '--worker-role', 'gpu-nodes'])
  assert.match(named.stdout, /:role\/gpu-nodes"/)
  assert.doesNotMatch(named.stdout, /WorkerRole/)
})

test('RRSA without its ARNs is not an error here: the role is created from this output', async () => {
  const { code, stderr } = await runBin(['policy', '-f', 'test/cli/fixtures/rrsa-without-arns.yaml'])
  assert.equal(code, 0, stderr)
  assert.match(stderr, /^note: the trust of the helper's role needs --issuer/)
})

test('only static registries need no permission, and the output says so', async () => {
  const { code, stdout, stderr } = await runBin(['policy', '-f', 'examples/values/static-login.yaml'])
  assert.deepEqual([code, stdout], [0, ''])
  assert.match(stderr, /^note: the helper has only static registries/)
})

test('invalid values are rejected as by validate', async () => {
  const { code, stdout, stderr } = await runBin(['policy', '-f', 'test/cli/fixtures/bad.yaml'])
  assert.deepEqual([code, stdout], [2, ''])
  assert.match(stderr, /^test\/cli\/fixtures\/bad.yaml:3:5: SCHEMA_UNKNOWN_KEY/)
})

for (const { args, error } of [
  { args: ['policy'], error: /^INPUT_MISSING: there are no values to make a policy from/ },
  { args: ['policy', '--ci'], error: /^INPUT_MISSING: there are no values to make a policy from/ },
  { args: ['policy', '--github', 'acme/platform'], error: /^INPUT_MISSING: --github needs --oidc-provider-arn/ },
  { args: ['policy', '--read-only', '-f', 'x.yaml'], error: /^INPUT_CONFLICT: --read-only needs --ci\n/ },
  {
    args: ['policy', '--ci', '--read-only', '--ram-cleanup', '-f', 'x.yaml'],
    error: /^INPUT_CONFLICT: --read-only and --ram-cleanup exclude each other\n/,
  },
  { args: ['policy', '--push', '-f', 'x.yaml'], error: /^INPUT_CONFLICT: --push needs --ci --login/ },
  { args: ['policy', '--login', '-f', 'x.yaml'], error: /^INPUT_CONFLICT: --login needs --ci --login\n.*Add --ci,/ },
  { args: LOGIN, error: /^INPUT_MISSING: no registry is given\n.*`--registry`/ },
  { args: [...LOGIN, '--registry', 'cri-abc123'], error: /^INPUT_MISSING: --registry: cri-abc123 needs `--region`/ },
  {
    args: [...LOGIN, '-f', 'examples/values/enterprise-rrsa.yaml', '--push', '--registries', 'nowhere'],
    error: /^INPUT_INVALID: --registries: the values have no entry "nowhere"/,
  },
  {
    args: [...GITHUB, ...IDS, '--subject', 'ref:refs/heads/*'],
    error: /^POLICY_INPUT_INVALID: .*"ref:refs\/heads\/\*"/,
  },
]) {
  test(`rejects: ${args.join(' ')}`, async () => {
    const { code, stderr } = await runBin(args)
    assert.equal(code, 2)
    assert.match(stderr, error)
  })
}

let github: Server
let api: string
const requests: string[] = []
before(async () => {
  github = createServer((request, response) => {
    requests.push(`${request.url} ${request.headers.authorization ?? '-'}`)
    if (request.url !== '/repos/acme/platform') return void response.writeHead(404).end('{"message":"Not Found"}')
    response.end(JSON.stringify({ id: 22, owner: { id: 11 } }))
  })
  await new Promise<void>((done) => github.listen(0, '127.0.0.1', done))
  api = `http://127.0.0.1:${(github.address() as AddressInfo).port}`
})
after(() => github.close())

test("the ids of a repository are read from GitHub's API, with the token of the environment", async () => {
  const env = { GITHUB_API_URL: api, GITHUB_TOKEN: 'not-to-be-printed' }
  const { code, stdout, stderr } = await runBin(GITHUB, { env })
  assert.equal(code, 0, stderr)
  assert.match(stdout, /"repo:acme@11\/platform@22:ref:refs\/heads\/main"/)
  assert.doesNotMatch(`${stdout}${stderr}`, /not-to-be-printed/)
  assert.deepEqual(requests.splice(0), ['/repos/acme/platform Bearer not-to-be-printed'])
})

test('in a workflow the ids are known without a call', async () => {
  const env = {
    GITHUB_API_URL: api,
    GITHUB_REPOSITORY: 'acme/platform',
    GITHUB_REPOSITORY_ID: '22',
    GITHUB_REPOSITORY_OWNER_ID: '11',
  }
  const { stdout } = await runBin(GITHUB, { env })
  assert.match(stdout, /acme@11\/platform@22/)
  assert.deepEqual(requests, [])
})

test('a repository that GitHub does not show is an error with the alternative', async () => {
  const args = ['policy', '--github', 'acme/secret', '--oidc-provider-arn', PROVIDER]
  const { code, stderr } = await runBin(args, { env: { GITHUB_API_URL: api } })
  assert.equal(code, 1)
  assert.match(stderr, /^GITHUB_UNKNOWN: .* GitHub returned 404\n {2}fix: .*--owner-id and --repository-id/)
})

test('a list of ACK and other clusters with rrsa: the policies come before the ARNs of the roles', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-policy-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const clusters = join(folder, 'clusters.yaml')
  const ack = '{ clusterId: c0123456789abcdef, region: cn-hangzhou }'
  writeFileSync(clusters, `- { name: a, ack: ${ack} }\n- { name: b, kubeconfig: { env: KUBECONFIG_B } }\n`)
  const values = join(folder, 'values.yaml')
  const registry = '{ name: prod, edition: enterprise, instanceId: cri-k7x2m9q4w1t8z5h3, region: cn-hangzhou }'
  writeFileSync(values, `registries: [${registry}]\nidentity: { type: rrsa }\n`)
  const args = ['policy', '--clusters-file', clusters, '-f', values, '--issuer', 'https://oidc.example.com/c0123']
  const kubeconfig = {
    'current-context': 'b',
    clusters: [{ name: 'b', cluster: { server: 'https://127.0.0.1:1' } }],
    contexts: [{ name: 'b', context: { cluster: 'b', user: 'b' } }],
    users: [{ name: 'b', user: { token: 'none' } }],
  }
  const env = { KUBECONFIG_B: JSON.stringify(kubeconfig) }
  const { code, stdout, stderr } = await runBin([...args, '-o', 'json'], { env })
  assert.equal(code, 0, stdout + stderr)
  assert.match(stdout, /cluster b/)
})

test("under an alias of an umbrella chart the helper's role trusts the named ServiceAccount", async () => {
  const { code, stdout } = await runBin([
    ...RRSA,
    '--issuer',
    'https://oidc.example.com/c0123',
    '--release',
    'apps',
    '--service-account',
    'apps-base-pull',
  ])
  assert.equal(code, 0)
  assert.deepEqual(stdout.match(/system:serviceaccount:[^"]+/g), ['system:serviceaccount:acr-nopass:apps-base-pull'])
})
