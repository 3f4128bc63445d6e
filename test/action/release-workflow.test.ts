import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { githubSubject } from '../../sandbox/cloud/sts/github-oidc.ts'
import { startRegistry } from '../../sandbox/registry/start-registry.ts'
import { prepareWorkspace } from '../../sandbox/workflow/prepare-workspace.ts'
import { runWorkflow, type WorkflowRecord } from '../../sandbox/workflow/run-workflow.ts'
import { helmEnvironment } from '../../src/helm/helm-environment.ts'
import { AUDIENCE, GITHUB_ISSUER } from '../../src/policy/trust-document.ts'
import { VERSION } from '../../src/version.ts'
import { cacheFolder, readHost } from '../../tools/host.ts'
import { allow } from '../support/cloud/vendor-sdk.ts'
import { openRegistryFront } from '../support/registry/registry-front.ts'
import { ROOT, writeLogin } from '../support/registry/release-registry.ts'
import { testTools } from '../tools.ts'
import { installReleaseDocker } from './support/release-docker.ts'
import { type ReleaseJob, releaseJob } from './support/release-job.ts'

const run = promisify(execFile)
const REPOSITORY = 'acr-nopass/acr-nopass'
const COPY = 'acr-nopass-registry.cn-hangzhou.cr.aliyuncs.com'
const INSTANCE = 'cri-mainlandcopy0001'
const ACCOUNT = '1655000000000001'
const ROLE = 'acr-nopass-release'
const REPOSITORIES = ['acr-nopass/acr-nopass', 'acr-nopass/acr-nopass-cli', 'acr-nopass/cli', 'charts/acr-nopass']

/** What the release commands need in addition to the action (prepare-workspace.ts). */
const SOURCES = [
  'bin',
  'image',
  'node',
  'src',
  'schemas',
  'scripts',
  'tools',
  'package-lock.json',
  '.npmrc',
  'README.md',
  'README.zh-CN.md',
  'CHANGELOG.md',
  'LICENSE',
]

let folder: string
let tools: Awaited<ReturnType<typeof testTools<'act' | 'crane' | 'helm4' | 'oras' | 'registry'>>>
let cloud: Awaited<ReturnType<typeof startCloud>>
/**
 * ghcr.io and the copy: two real registries on this machine, which answer under their own names.
 */
let source: Awaited<ReturnType<typeof startRegistry>>
let copy: Awaited<ReturnType<typeof startRegistry>>
let front: Awaited<ReturnType<typeof openRegistryFront>>
/** What npm asks its registry in the dry run. */
const npmRequests: string[] = []
const npmTokens: { readonly aud: string; readonly repository: string }[] = []
const npmRegistry = createServer((request, response) => {
  npmRequests.push(`${request.method} ${request.url}`)
  const [, claims] = request.headers.authorization?.split('.') ?? []
  if (claims) npmTokens.push(JSON.parse(Buffer.from(claims, 'base64url').toString()))
  response.writeHead(404, { 'content-type': 'application/json' }).end('{}')
})
let record: WorkflowRecord
let files: string
before(async () => {
  const signal = AbortSignal.timeout(540_000)
  tools = await testTools('act', 'crane', 'helm4', 'oras', 'registry')
  folder = await mkdtemp(join(tmpdir(), 'acr-nopass-act-release-'))
  cloud = await startCloud({ seed: seedOfCopy() })
  cloud.control.grant(
    ROLE,
    'push',
    JSON.parse(
      allow(['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository', 'cr:PushRepository']),
    ),
  )
  source = await startRegistry({ tools, auth: cloud.registryAuth })
  copy = await startRegistry({ tools, auth: cloud.registryAuth })
  const { realm } = cloud.registryAuth
  front = await openRegistryFront({ domains: ['ghcr.io'], registry: source.url, realm, others: { [COPY]: copy.url } })
  await new Promise<void>((resolve) => npmRegistry.listen(0, '127.0.0.1', resolve))
  files = join(folder, 'files')
  await mkdir(files)
  record = await runRelease('release', releaseOptions(), signal)
})
after(async () => {
  npmRegistry.close()
  await front?.[Symbol.asyncDispose]()
  for (const registry of [source, copy]) await registry?.stop()
  await cloud?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Runs the steps of jobs in act, in a repository of their own. */
async function runRelease(name: string, job: Omit<ReleaseJob, 'root'>, signal: AbortSignal): Promise<WorkflowRecord> {
  const workspace = join(folder, name)
  const scratch = join(folder, `${name}-job`)
  const programs = join(folder, `${name}-programs`)
  for (const path of SOURCES) await cp(join(ROOT, path), join(workspace, path), { recursive: true })
  await prepareWorkspace(
    workspace,
    { '.github/workflows/release.yml': await releaseJob({ root: ROOT, ...job }) },
    REPOSITORY,
  )
  installReleaseDocker(programs, tools.crane)
  const docker = join(scratch, 'home', '.docker')
  await mkdir(docker, { recursive: true })
  const login = await writeLogin(await mkdtemp(join(folder, 'login-')), 'ghcr.io', cloud.registryPush)
  await cp(login, join(docker, 'config.json'))
  return runWorkflow(
    {
      act: tools.act,
      helm: tools.helm4,
      programs,
      workspace,
      workflow: 'release.yml',
      event: 'push',
      scratch,
      variables: job.jobs.includes('image') ? VARIABLES : {},
      idToken: cloud.githubRunner({ repository: REPOSITORY, sub: SUBJECT }),
    },
    signal,
  )
}

const SUBJECT = githubSubject({ repository: REPOSITORY }).replace(/:ref:.*$/, ':environment:mainland-china')
const VARIABLES = {
  MAINLAND_INSTANCE: INSTANCE,
  MAINLAND_ROLE: `acs:ram::${ACCOUNT}:role/${ROLE}`,
  MAINLAND_OIDC_PROVIDER: `acs:ram::${ACCOUNT}:oidc-provider/github-actions`,
}

function releaseOptions(): Omit<ReleaseJob, 'root'> {
  const { cr, sts } = cloud.endpoints
  const npm = `http://127.0.0.1:${(npmRegistry.address() as AddressInfo).port}/`
  return {
    jobs: ['image', 'package', 'cli', 'chart', 'npm', 'mainland'],
    env: {
      ACR_NOPASS_CACHE: cacheFolder(readHost()),
      npm_config_registry: npm,
      // npm would use the proxy for its registry, too.
      NO_PROXY: '127.0.0.1',
      ...front.environment,
    },
    before: [
      { name: 'Packages of this machine', run: `ln -s ${join(ROOT, 'node_modules')} node_modules` },
      {
        name: 'Node of the image',
        run: 'mkdir node-files && touch node-files/amd64 node-files/arm64 node-files/licence',
      },
    ],
    change: {
      'Put the image together': (step) => ({
        ...step,
        run: `node ${join(ROOT, 'test/action/support/stage-cli-image.ts')} release/acr-nopass-npm-*.tgz dist/cli-image`,
        env: { HELM: tools.helm4 },
      }),
      'npm publish': (step) => ({
        ...step,
        run: `${step.run} --dry-run --json | tee ${join(files, 'npm.json')}\ncp release/* ${files}`,
      }),
      './': (step) => ({ ...step, with: { ...step.with, endpoints: JSON.stringify({ cr, sts, registry: copy.url }) } }),
    },
  }
}

/** The account of the copy: one instance with public repositories, and the role of the workflow. */
function seedOfCopy() {
  const Condition = {
    StringEquals: { 'oidc:iss': GITHUB_ISSUER, 'oidc:aud': AUDIENCE, 'oidc:sub': SUBJECT },
  }
  const Principal = { Federated: [VARIABLES.MAINLAND_OIDC_PROVIDER] }
  const trust = {
    Version: '1' as const,
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal, Condition }],
  }
  const namespaces = Object.groupBy(REPOSITORIES, (repository) => repository.split('/')[0] ?? '')
  const names = Object.entries(namespaces).map(([namespace, repositories = []]) => {
    return [namespace, repositories.map((repository) => repository.split('/')[1] ?? '')] as const
  })
  return {
    region: 'cn-hangzhou',
    accounts: [
      {
        id: ACCOUNT,
        users: [{ name: 'owner', administrator: true, policies: { system: ['AdministratorAccess'] } }],
        oidcProviders: [{ name: 'github-actions', issuer: GITHUB_ISSUER, clientIds: [AUDIENCE] }],
        roles: [{ name: ROLE, trust }],
        instances: [
          {
            id: INSTANCE,
            name: 'acr-nopass',
            region: 'cn-hangzhou',
            edition: 'enterprise' as const,
            endpoints: { internet: { domains: [COPY] } },
            namespaces: Object.fromEntries(names),
            publicRepositories: REPOSITORIES,
          },
        ],
      },
    ],
  }
}

/** Asks a registry as somebody without a login, or as the owner of the source. */
async function crane(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<string> {
  return (
    await run(tools.crane, args, { env: { PATH: '/usr/bin:/bin', HOME: folder, ...front.environment, ...env } })
  ).stdout.trim()
}

test('the release workflow builds and pushes both images and the chart in a real workflow engine, into a real registry', async () => {
  const log = record.log.join('\n')
  assert.ok(record.succeeded, log)
  assert.match(log, /acr-nopass-npm-\S+\.tgz: OK/)
  const home = join(folder, 'release-job', 'home')
  const host = 'ghcr.io'
  const login = await writeLogin(await mkdtemp(join(folder, 'read-')), host, cloud.registryPush)
  for (const name of ['acr-nopass', 'acr-nopass-cli']) {
    const index = JSON.parse(
      await crane({ DOCKER_CONFIG: join(login, '..') }, 'manifest', `${host}/acr-nopass/${name}:${VERSION}`),
    )
    const platforms = index.manifests.map(
      ({ platform }: { platform: { architecture: string } }) => platform.architecture,
    )
    assert.deepEqual(platforms, ['amd64', 'arm64'], name)
  }
  const { auths } = JSON.parse(await readFile(login, 'utf8'))
  assert.equal(log.includes(auths[host].auth), false)
  // The login of the copy is gone, that of the source was there before.
  assert.deepEqual(Object.keys(JSON.parse(await readFile(join(home, '.docker/config.json'), 'utf8')).auths), [host])
})

test('npm would publish the very package of the release, and offers its registry the ID token of this workflow instead of a password', async () => {
  const text = await readFile(join(files, 'npm.json'), 'utf8')
  const published = JSON.parse(text)
  // Since npm 11 the result is below the package's name.
  const { id, integrity } = published['acr-nopass'] ?? published
  const archive = await readFile(join(files, `acr-nopass-npm-${VERSION}.tgz`))
  assert.equal(id, `acr-nopass@${VERSION}`)
  assert.equal(integrity, `sha512-${createHash('sha512').update(archive).digest('base64')}`)
  // Trusted publishing: https://docs.npmjs.com/trusted-publishers
  const exchange = 'POST /-/npm/v1/oidc/token/exchange/package/acr-nopass'
  assert.deepEqual([...new Set(npmRequests)].sort(), ['GET /acr-nopass', exchange])
  assert.deepEqual(
    npmTokens.map(({ aud, repository }) => [aud, repository]),
    [['npm:127.0.0.1', REPOSITORY]],
  )
})

test('the copy in mainland China has images and chart by the same digest and the same package, for everybody', async () => {
  const host = 'ghcr.io'
  const login = await writeLogin(await mkdtemp(join(folder, 'compare-')), host, cloud.registryPush)
  const sources = {
    'acr-nopass/acr-nopass': 'acr-nopass/acr-nopass',
    'acr-nopass/acr-nopass-cli': 'acr-nopass/acr-nopass-cli',
    'charts/acr-nopass': 'acr-nopass/charts/acr-nopass',
  }
  for (const [name, from] of Object.entries(sources)) {
    const original = await crane({ DOCKER_CONFIG: join(login, '..') }, 'digest', `${host}/${from}:${VERSION}`)
    assert.equal(await crane({}, 'digest', `${COPY}/${name}:${VERSION}`), original)
    assert.ok(record.summary.includes(`- \`${COPY}/${name}:${VERSION} ${original}\``), record.summary)
  }
  // As a user does, with the addresses of the page.
  const page = await readFile(join(ROOT, 'docs/en/mainland-china.md'), 'utf8')
  const [, chart = ''] = /^helm upgrade --install acr-nopass (oci:\S+) --version/m.exec(page) ?? []
  const helmEnv = helmEnvironment({ PATH: '/usr/bin:/bin', ...front.environment }, await mkdtemp(join(folder, 'helm-')))
  const shown = await run(tools.helm4, ['show', 'values', chart, '--version', VERSION], { env: helmEnv })
  assert.match(shown.stdout, /^ {2}digest: "sha256:[0-9a-f]{64}"$/m)
  assert.ok(page.includes(`\`oras pull ${COPY}/acr-nopass/cli:${VERSION}\``))
  const got = await mkdtemp(join(folder, 'pulled-'))
  const env = { PATH: '/usr/bin:/bin', HOME: got, ...front.environment }
  await run(tools.oras, ['pull', `${COPY}/acr-nopass/cli:${VERSION}`], { cwd: got, env })
  const archive = `acr-nopass-npm-${VERSION}.tgz`
  assert.ok((await readFile(join(got, archive))).equals(await readFile(join(files, archive))))
})

test('a repository without the variables, such as a fork, copies nothing and says so; with some of them the job fails', async () => {
  const signal = AbortSignal.timeout(120_000)
  const fork = await runRelease('fork', { jobs: ['mainland'] }, signal)
  assert.ok(fork.succeeded, fork.log.join('\n'))
  assert.match(
    fork.summary,
    new RegExp(`^Not copied to \`${COPY}\`: this repository has no variable \`MAINLAND_INSTANCE\`\\.$`, 'm'),
  )
  const change = {
    'Whether this repository has a copy': (step: object) => ({ ...step, env: { INSTANCE, ROLE: '', PROVIDER: '' } }),
  }
  const half = await runRelease('half', { jobs: ['mainland'], change }, signal)
  assert.equal(half.succeeded, false)
  assert.match(half.log.join('\n'), /must all be set, or none of them/)
})
