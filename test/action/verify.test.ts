import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { stringify } from 'yaml'
import type { KubeClient } from '../../src/kube/client.ts'
import { eventually } from '../support/eventually.ts'
import { type ActionFixture, startActionFixture } from './support/action-fixture.ts'
import { runAction } from './support/run-action.ts'

/**
 * An image that the node has, because this tests the action's verdict. It is on no domain of the
 * instance. A private pull needs a real kubelet (test/node).
 */
const IMAGE = 'registry.example.com/team/app'

/**
 * Everything is enabled: the helper verifies each credential with a real registry, and the action
 * checks the helper and the cluster.
 */
for (const helm of ['helm4', 'helm3'] as const) {
  test(`${helm}: a rollout that is verified against a real registry`, async (t) => {
    let fixture: ActionFixture
    before(async () => {
      const images = { [IMAGE]: [process.execPath, '--eval', 'setInterval(() => {}, 1000)'] }
      fixture = await startActionFixture({ clusters: ['hangzhou-a', 'hangzhou-b'], helm, registry: true, images })
    })
    after(() => fixture[Symbol.asyncDispose]())
    const run = async (inputs: Readonly<Record<string, string>>) => {
      const outcome = await runAction({
        inputs: {
          clusters: stringify(fixture.clusters.map((one) => one.entry(0))),
          values: fixture.values,
          endpoints: fixture.endpoints,
          ...inputs,
        },
        env: fixture.env,
      })
      await rm(outcome.temp, { recursive: true })
      return { ...outcome, results: JSON.parse(outcome.outputs.results ?? '[]') }
    }

    await t.test('both clusters are deployed and verified', async () => {
      const { code, results, stdout, stderr } = await run({ 'verify-image': IMAGE })
      assert.equal(code, 0, stdout + stderr)
      for (const { status, phase, notes } of results) {
        assert.deepEqual([status, phase], ['deployed', 'verify'])
        assert.match(
          notes.join('\n'),
          /registries: prod accepted\na new namespace had its Secret after \d+ ms\na new Pod had the reference after \d+ ms\nregistry\.example\.com\/team\/app was pulled after \d+ ms, but no registry of the pull secret covers it: this shows nothing about a login/,
        )
      }
      const logins = fixture.cloud.calls.filter(({ product, status }) => product === 'registry' && status === 200)
      assert.ok(logins.length >= 2, 'the registry was not called by both helpers')
    })

    // The failure takes half a minute, so one Helm is enough.
    if (helm === 'helm3') return
    await t.test("an image that cannot be pulled: the node's message; no probe namespace stays", async () => {
      const { code, results } = await run({
        values: `${fixture.values}logLevel: debug\n`,
        'verify-image': 'registry.example.com/team/absent',
      })
      assert.equal(code, 1)
      for (const { status, phase, error } of results) {
        assert.deepEqual([status, phase, error.code], ['failed', 'verify', 'VERIFY_IMAGE'])
        assert.match(
          error.message,
          /team\/absent was not pulled in \d+ s; ErrImagePull: image ".*\/team\/absent" is not on this node$/,
        )
      }
      const list = await fixture.clusters[0]?.cluster.admin.request<{
        items: { metadata: { name: string; deletionTimestamp?: string } }[]
      }>({ method: 'GET', path: '/api/v1/namespaces', query: { labelSelector: 'acr-nopass.io/probe=true' } })
      assert.deepEqual(
        list?.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined),
        [],
      )
    })

    await t.test(
      'a cluster that rejects unlabelled namespaces: an existing one is used, and is not changed',
      async () => {
        const [first, second] = fixture.clusters.map(({ cluster }) => cluster.admin)
        assert.ok(first && second)
        await refuseUnlabelledNamespaces(first)
        const labels = { team: 'platform' }
        for (const admin of [first, second]) {
          const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'checks', labels } }
          await admin.request({ method: 'POST', path: '/api/v1/namespaces', body })
        }
        const without = await run({})
        const [failed] = without.results
        assert.deepEqual([failed.status, failed.error.code], ['failed', 'VERIFY_NAMESPACE'], without.stdout)
        assert.match(failed.error.message, /^Namespace acr-nopass-probe-[0-9a-f]{8} was refused: .*a team is missing/)

        const { code, results, stdout, stderr } = await run({ 'verify-namespace': 'checks', 'verify-image': IMAGE })
        assert.equal(code, 0, stdout + stderr)
        for (const { status, notes } of results) {
          assert.equal(status, 'unchanged')
          assert.match(
            notes.join('\n'),
            /namespace checks had its Secret after \d+ ms\na new Pod had the reference after \d+ ms\nregistry\.example\.com\/team\/app was pulled after \d+ ms, but no registry/,
          )
        }
        for (const admin of [first, second]) {
          await eventually(async () => {
            const left = await Promise.all(
              ['pods', 'serviceaccounts'].map((resource) => namesIn(admin, `/api/v1/namespaces/checks/${resource}`)),
            )
            assert.deepEqual(left, [[], ['default']])
          }, 60_000)
          const { metadata } = await admin.request<{ metadata: { deletionTimestamp?: string; labels: object } }>({
            method: 'GET',
            path: '/api/v1/namespaces/checks',
          })
          assert.deepEqual(
            [metadata.deletionTimestamp, metadata.labels],
            [undefined, { ...labels, 'kubernetes.io/metadata.name': 'checks' }],
          )
        }
      },
    )

    await t.test('a verify-namespace that is opted out is rejected before the first write', async () => {
      const admin = fixture.clusters[0]?.cluster.admin ?? assert.fail()
      const metadata = { name: 'quiet', labels: { team: 'platform', 'acr-nopass.io/skip': 'true' } }
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata }
      await admin.request({ method: 'POST', path: '/api/v1/namespaces', body })
      const values = `${fixture.values}logLevel: warn\n`
      const { results, outputs } = await run({ values, 'verify-namespace': 'quiet' })
      const [first] = results
      assert.deepEqual(
        [first.status, first.phase, first.error.code, first.revision.from === first.revision.to],
        ['failed', 'preflight', 'VERIFY_NAMESPACE', true],
        outputs.results,
      )
    })

    await t.test(
      'values that would rename the objects of the release are rejected, and nothing is written',
      async () => {
        const admin = fixture.clusters[0]?.cluster.admin ?? assert.fail()
        const leases = '/apis/coordination.k8s.io/v1/namespaces/acr-nopass/leases'
        const accounts = '/api/v1/namespaces/acr-nopass/serviceaccounts'
        const before = await Promise.all([leases, accounts].map((path) => namesIn(admin, path)))
        for (const [override, name] of [
          ['nameOverride: pull', 'acr-nopass-pull'],
          ['fullnameOverride: pull', 'pull'],
        ]) {
          const { code, results, outputs } = await run({ values: `${fixture.values}${override}\n`, verify: 'false' })
          const [{ status, phase, error, revision }] = results
          assert.deepEqual(
            [code, status, phase, error?.code],
            [1, 'failed', 'preflight', 'RELEASE_RENAMED'],
            outputs.results,
          )
          assert.equal(
            error.message,
            `the objects of this release are named acr-nopass, and these values name them ${name}`,
          )
          assert.equal(revision.from, revision.to)
        }
        assert.deepEqual(await Promise.all([leases, accounts].map((path) => namesIn(admin, path))), before)
      },
    )
  })
}

async function namesIn(admin: KubeClient, path: string): Promise<readonly string[]> {
  const list = await admin.request<{ items: readonly { metadata: { name: string } }[] }>({ method: 'GET', path })
  return list.items.map(({ metadata }) => metadata.name)
}

/**
 * Installs a policy that requires an owner for each namespace, as some clusters have it. Returns
 * once the API server enforces the policy.
 */
async function refuseUnlabelledNamespaces(admin: KubeClient): Promise<void> {
  const api = '/apis/admissionregistration.k8s.io/v1'
  const apiVersion = 'admissionregistration.k8s.io/v1'
  const metadata = { name: 'owners' }
  const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['namespaces'] }]
  const validations = [
    { expression: "has(object.metadata.labels) && 'team' in object.metadata.labels", message: 'a team is missing' },
  ]
  await admin.request({
    method: 'POST',
    path: `${api}/validatingadmissionpolicies`,
    body: {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: { matchConstraints: { resourceRules: rules }, validations },
    },
  })
  await admin.request({
    method: 'POST',
    path: `${api}/validatingadmissionpolicybindings`,
    body: {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: 'owners', validationActions: ['Deny'] },
    },
  })
  await eventually(async () => {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'unowned' } }
    const query = { dryRun: 'All' }
    await assert.rejects(admin.request({ method: 'POST', path: '/api/v1/namespaces', query, body }))
  }, 60_000)
}
