import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse, stringify } from 'yaml'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { prepareWorkspace } from '../../sandbox/workflow/prepare-workspace.ts'
import { runWorkflow } from '../../sandbox/workflow/run-workflow.ts'
import { cacheFolder, readHost } from '../../tools/host.ts'
import { openReleaseRegistry, ROOT } from '../support/registry/release-registry.ts'
import { testTools } from '../tools.ts'

interface Step {
  readonly name?: string
  readonly uses?: string
  readonly run?: string
}

interface Job {
  readonly steps: readonly Step[]
}

/** Programs that the release commands need in addition to the action's (prepare-workspace.ts). */
const SOURCES = [
  'bin',
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

test('the release workflow packages and pushes the chart in a real workflow engine, into a real registry', async (t) => {
  const signal = AbortSignal.timeout(500_000)
  const tools = await testTools('act', 'helm4', 'registry')
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-act-release-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const helperFile = join(folder, 'helper.mjs')
  // Other tests run the image. This test needs only its digest.
  await writeFile(helperFile, 'export {}\n')
  await using registry = await openReleaseRegistry(tools, helperFile, signal)
  const workspace = join(folder, 'acr-nopass')
  for (const path of SOURCES) await cp(join(ROOT, path), join(workspace, path), { recursive: true })
  await prepareWorkspace(
    workspace,
    { '.github/workflows/release.yml': await onThisMachine(registry) },
    'acr-nopass/acr-nopass',
  )
  const scratch = join(folder, 'job')
  await mkdir(join(scratch, 'home', '.docker'), { recursive: true })
  await cp(registry.loginFile, join(scratch, 'home', '.docker', 'config.json'))
  await using cloud = await startCloud()
  const record = await runWorkflow(
    {
      act: tools.act,
      helm: tools.helm4,
      workspace,
      workflow: 'release.yml',
      event: 'push',
      scratch,
      variables: {},
      idToken: cloud.githubRunner({ repository: 'acr-nopass/acr-nopass' }),
    },
    signal,
  )
  const log = record.log.join('\n')
  assert.ok(record.succeeded, log)
  assert.match(log, /acr-nopass-npm-\S+\.tgz: OK/)
  assert.equal(await registry.statusOf('acr-nopass/charts/acr-nopass', record.outputs.digest ?? ''), 200)
  assert.equal(log.includes(JSON.parse(await readFile(registry.loginFile, 'utf8')).auths[registry.host].auth), false)
})

/**
 * Combines the jobs `package` and `chart`, so that the files need no artifact between them. Omits
 * the actions that only GitHub can run. Uses this machine's packages, tools and registry.
 */
async function onThisMachine({ host, imageDigest }: { host: string; imageDigest: string }): Promise<string> {
  const text = await readFile(join(ROOT, '.github/workflows/release.yml'), 'utf8')
  const { jobs, ...head } = parse(text) as { jobs: Record<'package' | 'chart', Job>; env: Record<string, string> }
  const [checkout, ...build] = kept(jobs.package)
  const [, ...push] = kept(jobs.chart)
  assert.equal(build.length, 2, 'builds and checks')
  assert.equal(push.length, 1, 'pushes')
  const helper = { name: 'The helper of the image', run: 'mkdir dist && echo "export {}" > dist/helper.mjs' }
  const node = {
    name: 'Node of the image',
    run: 'mkdir node-files && touch node-files/amd64 node-files/arm64 node-files/licence',
  }
  const packages = { name: 'Packages of this machine', run: `ln -s ${join(ROOT, 'node_modules')} node_modules` }
  const steps = [checkout, packages, helper, node, ...build, ...push]
  const copy = stringify({
    ...head,
    on: 'push',
    env: {
      ...head.env,
      CHARTS: `oci://${host}/acr-nopass/charts`,
      ACR_NOPASS_CACHE: cacheFolder(readHost()),
    },
    jobs: { release: { 'runs-on': 'ubuntu-latest', steps } },
  })
  const own = copy.replace(/\$\{\{ needs\.image\.outputs\.digest \}\}/, imageDigest)
  assert.notEqual(own, copy)
  return own
}

function kept({ steps }: Job): readonly Step[] {
  const github = ['Fetch the files', 'Log in', 'Take Node out of the base image']
  return steps.filter(({ name = '', uses }) =>
    uses === undefined ? !github.includes(name) : uses.startsWith('actions/checkout@'),
  )
}
