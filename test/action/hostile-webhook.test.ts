import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { prepareWorkspace } from '../../sandbox/workflow/prepare-workspace.ts'
import { runWorkflow } from '../../sandbox/workflow/run-workflow.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import { startAdmissionWebhook } from '../support/cluster/admission-webhook.ts'
import { runnerCommands } from '../text/runner-commands.ts'
import { testTools } from '../tools.ts'
import { startActionFixture } from './support/action-fixture.ts'

const REPOSITORY = 'acme/platform'

/**
 * The webhook's message in the first cluster contains commands of both forms, each on its own line.
 */
const HOSTILE = [
  'no',
  '::set-output name=pwned::yes',
  '  ::set-output name=pwned::yes',
  '##[set-output name=pwned]yes',
  '::stop-commands::x',
].join('\r\n')

const WORKFLOW = stringify({
  name: 'hostile',
  on: 'push',
  permissions: { contents: 'read', 'id-token': 'write' },
  jobs: {
    rollout: {
      'runs-on': 'ubuntu-latest',
      steps: [
        // The engine executes these lines. If it did not, this test could not fail.
        { run: "printf '::set-output name=control::yes\\n##[set-output name=control2]yes\\n'" },
        { uses: 'actions/checkout@v5' },
        {
          uses: './',
          with: {
            'clusters-file': 'clusters.yaml',
            'values-files': 'values.yaml',
            'on-failure': 'continue',
            'role-to-assume': 'acs:ram::1427736501988243:role/acr-nopass-deploy',
            'oidc-provider-arn': 'acs:ram::1427736501988243:oidc-provider/github-actions',
            endpoints: `\${{ vars.ALIBABA_CLOUD_ENDPOINTS }}`,
          },
        },
      ],
    },
  },
})

test("the message of a cluster's webhook is not a command to the workflow engine", async (t) => {
  const tools = await testTools('act', 'helm4')
  await using fixture = await startActionFixture({ clusters: ['staging', 'production'], helm: 'helm4' })
  const { admin } = fixture.clusters[0]?.cluster ?? assert.fail()
  await using webhook = await startAdmissionWebhook(admin, 'hostile', 'secrets', 5)
  await serveProbePods(admin, 'hostile')
  const reviewed: string[] = []
  webhook.respond = ({ namespace }) => {
    if (!namespace.startsWith('acr-nopass-probe-')) return 'allow'
    reviewed.push(namespace)
    return { reject: HOSTILE }
  }
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-act-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const workspace = join(folder, 'platform')
  const files = {
    '.github/workflows/hostile.yml': WORKFLOW,
    'clusters.yaml': stringify(fixture.clusters.map((one, wave) => one.entry(wave))),
    'values.yaml': fixture.values,
  }
  await prepareWorkspace(workspace, files, REPOSITORY)
  const record = await runWorkflow(
    {
      act: tools.act,
      helm: tools.helm4,
      workspace,
      workflow: 'hostile.yml',
      event: 'push',
      scratch: await mkdtemp(join(folder, 'job-')),
      variables: { ALIBABA_CLOUD_ENDPOINTS: fixture.endpoints },
      idToken: fixture.cloud.githubRunner({ repository: REPOSITORY }),
    },
    AbortSignal.timeout(300_000),
  )
  const shown = record.log.join('\n')
  assert.ok(reviewed.length > 0, shown)
  assert.deepEqual([record.outputs.control, record.outputs.control2], ['yes', 'yes'])
  assert.equal(record.outputs.pwned, undefined)
  const results = JSON.parse(record.outputs.results ?? '[]') as { status: string; notes: readonly string[] }[]
  assert.deepEqual(
    results.map(({ status }) => status),
    ['deployed', 'deployed'],
    shown,
  )
  assert.match(results[0]?.notes.join('\n') ?? '', /denied the request: no\\r\\n::set-output name=pwned::yes\\r\\n/)
  assert.match(shown, /^staging: the reference was not checked: .*no\\r\\n::set-output.*##\\u005bset-output/m)
  assert.deepEqual(runnerCommands(shown), [])
  assert.ok(!record.summary.includes('\r'))
})

/** Registers the webhook for every new Pod, in any namespace. */
async function serveProbePods(admin: KubeClient, name: string): Promise<void> {
  const path = `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${name}`
  const config = await admin.request<{ webhooks: readonly object[] }>({ method: 'GET', path })
  const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }]
  const webhooks = config.webhooks.map((hook) => ({ ...hook, namespaceSelector: {}, rules }))
  await admin.request({ method: 'PUT', path, body: { ...config, webhooks } })
}
