import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { restart } from '../support/cluster/app-deployment.ts'
import { attachOld, oldHelper, oldLogin, oldSecret } from '../support/cluster/legacy-objects.ts'
import { watchPulls } from '../support/cluster/pull-watch.ts'
import { eventually } from '../support/eventually.ts'
import { openRolloutCommand, type RolloutCommand } from '../support/rollout-command.ts'
import { type HelperCluster, HOME, names, RELEASE, SECRET } from './helper-cluster.ts'

const OLD = 'acr-credential-secret-aggregation'
const ACCOUNTS = ['default', 'builder']

export interface Moved {
  readonly fixture: HelperCluster
  /** The registry's address. */
  readonly registry: string
  readonly oldImage: string
  /** An image of the demo instance, without its tag. */
  readonly image: string
  /**
   * Namespaces with a Deployment each, whose ServiceAccounts `default` and `builder` pull only with
   * our credential.
   */
  readonly deployments: Readonly<Record<string, string>>
}

/**
 * Tests the way back as docs/migrate.md describes it: install the add-on next to acr-nopass,
 * restart, then `uninstall`.
 */
export function testBackAgain(opened: () => Moved): void {
  let command: RolloutCommand
  before(async () => {
    command = await openRolloutCommand()
  })
  after(() => command?.[Symbol.asyncDispose]())

  test("back again to the vendor's add-on: a Pod can pull at every moment, and nothing of acr-nopass is left", async () => {
    const { fixture, registry, oldImage, image, deployments } = opened()
    const { admin, cloud, chart, workerRole } = fixture
    const namespaces = Object.keys(deployments)
    const accounts = namespaces.flatMap((namespace) => ACCOUNTS.map((name) => ({ namespace, name })))
    const attempts = accounts.map(({ namespace, name }) => ({ namespace, serviceAccount: name, image: `${image}:1` }))
    const watch = watchPulls(admin, registry, attempts)

    await watch.phase('beside')
    await oldHelper(admin, 'aliyun-acr-credential-helper', oldImage)
    const [personal, demo] = await Promise.all([
      oldLogin(cloud, workerRole),
      oldLogin(
        cloud,
        workerRole,
        cloud.instances.find(({ edition }) => edition === 'enterprise'),
      ),
    ])
    const logins = [
      { ...demo, domains: [image.split('/')[0] ?? ''] },
      { ...personal, domains: ['registry.cn-shanghai.aliyuncs.com'] },
    ]
    for (const namespace of namespaces) await oldSecret(admin, namespace, OLD, logins)
    for (const [index, account] of accounts.entries()) {
      // Old versions of the add-on are reported to overwrite the list.
      await attachOld(admin, account.namespace, account.name, index % 2 === 0 ? [OLD] : [SECRET, OLD])
    }
    for (const { namespace, name } of accounts) {
      await eventually(async () =>
        assert.deepEqual(names(await fixture.account(namespace, name)).toSorted(), [OLD, SECRET].toSorted()),
      )
    }
    await watch.phase('restart')
    for (const [namespace, name] of Object.entries(deployments)) await restart(admin, namespace, name)
    for (const namespace of namespaces) assert.deepEqual(await withoutOld(fixture, namespace), [])

    await watch.phase('uninstall')
    const release = { kubeconfig: chart.cluster.adminKubeconfigFile, namespace: HOME, name: RELEASE }
    const confirm = ['--confirm', `${RELEASE}/1`]
    const { code, stdout, stderr } = await command.run('uninstall', release, fixture.values, ...confirm)
    assert.equal(code, 0, stdout + stderr)
    const output = stdout + stderr
    const listed = output.search(
      /Pods that name the pull secret acr-nopass: [1-9]\d*; each names another pull secret too/,
    )
    assert.ok(listed >= 0 && listed < output.indexOf('(retire)'), output)
    await watch.phase('after')

    const { pulls, failed } = await watch.stop()
    assert.deepEqual(failed, [])
    for (const phase of ['beside', 'restart', 'uninstall', 'after']) assert.ok((pulls[phase] ?? 0) > 2, phase)
    for (const { namespace, name } of accounts) assert.deepEqual(names(await fixture.account(namespace, name)), [OLD])
    for (const namespace of namespaces) assert.equal(await fixture.secret(namespace), undefined)
    assert.deepEqual(fixture.helpers(), [])
  })
}

/**
 * Returns Pods that would lose their only credential together with ours. Uses the query of step 2
 * of the way back.
 */
async function withoutOld({ admin }: HelperCluster, namespace: string): Promise<readonly string[]> {
  const path = `/api/v1/namespaces/${namespace}/pods`
  const { items } = await admin.request<{
    items: readonly {
      metadata: { name: string; deletionTimestamp?: string }
      spec: { imagePullSecrets?: readonly { name: string }[] }
    }[]
  }>({ method: 'GET', path })
  return items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .filter(({ spec }) => !spec.imagePullSecrets?.some(({ name }) => name === OLD))
    .map(({ metadata }) => metadata.name)
}
