import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'
import { DEFAULT_SECRET_NAME as SECRET } from '../../src/kube/names.ts'
import { type BinResult, runBin } from '../cli/run-bin.ts'
import { attachOld, oldHelper, oldSecret } from '../support/cluster/legacy-objects.ts'
import { eventually } from '../support/eventually.ts'
import type { NodeFixture } from '../support/node/node-fixture.ts'
import type { NodeHelper } from '../support/node/node-helper.ts'
import { openRolloutCommand, type RolloutCommand } from '../support/rollout-command.ts'

const OLD = 'acr-credential-secret-aggregation'
const NAMESPACE = 'moving'
const LIMIT_MS = 120_000

/**
 * A real kubelet pulls for one Pod after another while the namespace migrates from the vendor's
 * add-on to acr-nopass.
 */
export function testMigration(opened: () => readonly [NodeFixture, NodeHelper]): void {
  let command: RolloutCommand
  before(async () => {
    command = await openRolloutCommand()
  })
  after(() => command?.[Symbol.asyncDispose]())

  test("from the vendor's add-on: every Pod that is created meanwhile runs from the private image, without a failed pull", async () => {
    const [fixture, helper] = opened()
    const { admin, adminKubeconfigFile } = fixture.cluster
    const cli = (...args: string[]): Promise<BinResult> => runBin([...args, '--kubeconfig', adminKubeconfigFile])
    const instance = fixture.cloud.instances.find(({ edition }) => edition === 'enterprise')
    // The emulated account lacks the add-on's own image. The add-on need not run, because only its
    // objects matter.
    await oldHelper(
      admin,
      'aliyun-acr-credential-helper',
      'registry.example.com/acs/aliyun-acr-credential-helper:v1',
      0,
    )
    const info = `- instanceId: "${instance?.id}"\n  regionId: "${instance?.region}"\n`
    const data = { 'watch-namespace': NAMESPACE, 'acr-registry-info': info }
    const configMap = { metadata: { name: 'acr-configuration' }, data }
    await admin.request({ method: 'POST', path: '/api/v1/namespaces/kube-system/configmaps', body: configMap })
    await fixture.namespace(NAMESPACE, { secrets: [OLD] })
    await oldSecret(admin, NAMESPACE, OLD, [{ ...(await fixture.pullToken()), domains: [fixture.domain] }])
    await fixture.pod(NAMESPACE, 'old', { pull: 'Always' })
    await fixture.until(NAMESPACE, 'old', 'running', LIMIT_MS)
    const pods = startPods(fixture, 'there')

    const imported = await cli('import', '-o', 'json')
    assert.equal(imported.code, 0, imported.stderr)
    const values = parse(JSON.parse(imported.stdout).values)
    assert.deepEqual(values.targets.namespaces.include, [NAMESPACE])
    await pods.next()
    // The namespaces of the other tests remain targets.
    const targets = { namespaces: { include: ['team-*', NAMESPACE] } }
    await helper.install(values, { attach: 'serviceAccounts', targets })
    await eventually(() => helper.secret(NAMESPACE), LIMIT_MS)
    const account = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default`
    await eventually(async () => {
      const { imagePullSecrets } = await admin.request<{ imagePullSecrets: unknown }>({ method: 'GET', path: account })
      assert.deepEqual(imagePullSecrets, [{ name: OLD }, { name: SECRET }])
    }, LIMIT_MS)
    await pods.next()
    // With the new values, the leader has not checked the logins that it found.
    const asked = await cli('refresh')
    assert.equal(asked.code, 0, asked.stdout + asked.stderr)
    const blocked = await cli('cleanup', '--legacy', '--confirm', 'aliyun-acr-credential-helper/1', '-o', 'json')
    const { dependents } = JSON.parse(blocked.stdout)
    assert.deepEqual(
      dependents.map(({ subject }: { subject: string }) => subject),
      [`Pod ${NAMESPACE}/old`],
    )
    await remove(fixture, 'old')
    const cleaned = await cli('cleanup', '--legacy', '--confirm', 'aliyun-acr-credential-helper/1')
    assert.equal(cleaned.code, 0, cleaned.stdout + cleaned.stderr)
    await pods.next()
    const names = await pods.stop()
    assert.deepEqual(names.at(-1), [SECRET])
    assert.deepEqual(await pods.failed(), [])
  })

  test('back again: every Pod that is created while acr-nopass is uninstalled runs from the private image, without a failed pull', async () => {
    const [fixture, helper] = opened()
    const { admin } = fixture.cluster
    const pods = startPods(fixture, 'back')
    await pods.next()
    // The add-on, installed again, writes its Secret and appends its entry.
    await oldSecret(admin, NAMESPACE, OLD, [{ ...(await fixture.pullToken()), domains: [fixture.domain] }])
    await attachOld(admin, NAMESPACE, 'default', [SECRET, OLD])
    await pods.next()
    const done = await command.run('uninstall', helper.release(), helper.values, '--confirm', 'acr-nopass/1')
    assert.equal(done.code, 0, done.stdout + done.stderr)
    await pods.next()
    const names = await pods.stop()
    assert.deepEqual(names.at(-1), [OLD])
    assert.deepEqual(await pods.failed(), [])
    await assert.rejects(helper.secret(NAMESPACE), { status: 404 })
    await helper.install({ attach: 'serviceAccounts' })
  })
}

interface Pods {
  /** Waits until a Pod runs that is created from now on. */
  next(): Promise<void>
  /** The pull secrets of each Pod, in their order. */
  stop(): Promise<readonly (readonly string[])[]>
  /** The names of the Pods with a failed pull. */
  failed(): Promise<readonly string[]>
}

/** Repeatedly creates a Pod, waits until it runs, and deletes it. */
function startPods(fixture: NodeFixture, prefix: string): Pods {
  const lists: string[][] = []
  let isOver = false
  let made = 0
  const loop = (async () => {
    while (!isOver) {
      const name = `${prefix}-${made++}`
      await fixture.pod(NAMESPACE, name, { pull: 'Always' })
      const { imagePullSecrets = [] } = (await fixture.readPod(NAMESPACE, name)).spec as {
        imagePullSecrets?: { name: string }[]
      }
      await fixture.until(NAMESPACE, name, 'running', LIMIT_MS)
      lists.push(imagePullSecrets.map((entry) => entry.name))
      await remove(fixture, name)
    }
  })()
  // The next call that waits gets the error.
  loop.catch(() => undefined)
  return {
    async next() {
      const created = made
      const isThere = eventually(() => assert.ok(lists.length > created), LIMIT_MS)
      await Promise.race([isThere, loop])
    },
    async stop() {
      isOver = true
      await loop
      return lists
    },
    async failed() {
      const found: string[] = []
      for (let index = 0; index < made; index++) {
        const reasons = await fixture.reasons(NAMESPACE, `${prefix}-${index}`)
        if (reasons.includes('Failed')) found.push(`${prefix}-${index}`)
      }
      return found
    },
  }
}

async function remove(fixture: NodeFixture, name: string): Promise<void> {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods/${name}`
  await fixture.cluster.admin.request({ method: 'DELETE', path, query: { gracePeriodSeconds: 0 } })
}
