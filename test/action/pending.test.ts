import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { stringify } from 'yaml'
import { APPLY, MERGE_PATCH } from '../../src/kube/client.ts'
import { eventually } from '../support/eventually.ts'
import { type ActionFixture, startActionFixture } from './support/action-fixture.ts'
import { helm, inputsOf, lastStatus } from './support/cancel-case.ts'
import { type ActionOutcome, runAction } from './support/run-action.ts'

const CHART = resolve(import.meta.dirname, '..', '..', 'chart')
const RECORDS = '/api/v1/namespaces/acr-nopass/secrets'
/**
 * Makes the API server's clock seven hours later for the action. Only the API server sends an audit
 * ID, which comes before its date.
 */
const LATER = `data:text/javascript,${encodeURIComponent(`
  import { IncomingMessage } from 'node:http'
  const add = IncomingMessage.prototype._addHeaderLine
  const later = (date) => new Date(Date.parse(date) + 7 * 3600000).toUTCString()
  IncomingMessage.prototype._addHeaderLine = function (field, value, headers) {
    const isOfServer = field.toLowerCase() === 'date' && headers['audit-id'] !== undefined
    return add.call(this, field, isOfServer ? later(value) : value, headers)
  }
`)}`

/**
 * In each test a real helm is killed half-way and leaves the release pending, as a lost runner
 * does.
 */
for (const major of ['helm4', 'helm3'] as const) {
  test(`${major}: a release that an interrupted run left pending`, async (t) => {
    let fixture: ActionFixture
    let folder: string
    before(async () => {
      fixture = await startActionFixture({ clusters: ['hangzhou-a'], helm: major })
      folder = await mkdtemp(join(tmpdir(), 'acr-nopass-pending-'))
      const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'acr-nopass' } }
      const path = '/api/v1/namespaces/acr-nopass'
      const query = { fieldManager: 'somebody' }
      await admin().request({ method: 'PATCH', path, query, contentType: APPLY, body: namespace })
    })
    after(async () => {
      await fixture[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    })
    const admin = () => fixture.clusters[0]?.cluster.admin ?? assert.fail()
    const stuck = { image: { repository: 'absent/absent' } }

    const files = async (values: object): Promise<readonly string[]> => {
      const [own, last] = [join(folder, 'own.yaml'), join(folder, 'last.yaml')]
      await writeFile(own, fixture.values)
      await writeFile(last, stringify({ ...(fixture.clusters[0]?.entry(0).values as object), ...values }))
      return [`--values=${own}`, `--values=${last}`]
    }
    /**
     * Starts helm, which waits for Pods that never become ready. Kills helm once its revision
     * exists.
     */
    const killHelm = async (status: string, ...args: readonly string[]): Promise<void> => {
      const program = join(fixture.env.PATH?.split(':')[0] ?? '', 'helm')
      const kubeconfig = fixture.clusters[0]?.cluster.adminKubeconfigFile ?? ''
      const all = [...args, '--wait', '--namespace=acr-nopass', `--kubeconfig=${kubeconfig}`]
      const child = spawn(program, all, { env: { ...fixture.env, KUBECACHEDIR: folder }, stdio: 'ignore' })
      await eventually(async () => assert.equal(await lastStatus(fixture), status), 120_000, 20)
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    const act = async (
      inputs: Readonly<Record<string, string>> = {},
      env: Readonly<Record<string, string>> = {},
    ): Promise<ActionOutcome> => {
      const all = { ...inputsOf(fixture, {}, 'false'), ...inputs }
      const outcome = await runAction({ inputs: all, env: { ...fixture.env, ...env } })
      await rm(outcome.temp, { recursive: true })
      return outcome
    }
    /** Checks the action's error, and that the release is unchanged. */
    const refused = async (status: string, fix: string, inputs: Readonly<Record<string, string>>): Promise<void> => {
      const { code, annotations } = await act(inputs)
      const [first] = annotations
      assert.deepEqual([code, first?.title], [1, 'HELM_PENDING'], first?.message)
      const message = first?.message ?? ''
      assert.match(
        message,
        new RegExp(`^hangzhou-a, phase preflight: release acr-nopass/acr-nopass is ${status} at revision`),
      )
      assert.ok(message.includes(`\`${fix} --namespace acr-nopass\``), message)
      assert.ok(message.includes('`recover-pending: true`'), message)
      assert.equal(await lastStatus(fixture), status)
    }
    /** Makes the newest revision look old by its labels, which Helm copies to the next revision. */
    const ageLabels = async (): Promise<void> => {
      const labels = { createdAt: '1000000000', modifiedAt: '1000000000' }
      const path = `${RECORDS}/sh.helm.release.v1.acr-nopass.v1`
      await admin().request({ method: 'PATCH', path, contentType: MERGE_PATCH, body: { metadata: { labels } } })
    }
    /**
     * Checks that the action repairs the release once nobody can be working on it: the API server's
     * clock is seven hours later.
     */
    const recovered = async (how: 'uninstall' | 'rollback', status: string): Promise<void> => {
      const { code, stdout } = await act({ 'recover-pending': 'true' }, { NODE_OPTIONS: `--import=${LATER}` })
      assert.equal(code, 0, stdout)
      assert.match(stdout, new RegExp(`repairing the release that an interrupted run left ${status} \\(${how}\\)`))
      assert.equal(await lastStatus(fixture), 'deployed')
    }

    await t.test('pending-install: explained, left alone while it is recent, then removed and installed', async () => {
      await killHelm('pending-install', 'upgrade', '--install', 'acr-nopass', CHART, ...(await files(stuck)))
      await refused('pending-install', 'helm uninstall acr-nopass', {})
      await refused('pending-install', 'helm uninstall acr-nopass', { 'recover-pending': 'true' })
      await refused('pending-install', 'helm uninstall acr-nopass', { mode: 'plan', 'recover-pending': 'true' })
      await recovered('uninstall', 'pending-install')
    })

    await t.test(
      'pending-upgrade: explained with the revision to go back to, left alone while it is recent, then fixed',
      async () => {
        await ageLabels()
        await killHelm('pending-upgrade', 'upgrade', 'acr-nopass', CHART, ...(await files(stuck)))
        await refused('pending-upgrade', 'helm rollback acr-nopass 1', {})
        await refused('pending-upgrade', 'helm rollback acr-nopass 1', { 'recover-pending': 'true' })
        await recovered('rollback', 'pending-upgrade')
      },
    )

    await t.test('pending-rollback: the same', async () => {
      const revision = Number(/^REVISION: (\d+)$/m.exec(helm(fixture, 'status', 'acr-nopass'))?.[1])
      helm(fixture, 'upgrade', 'acr-nopass', CHART, ...(await files(stuck)))
      helm(fixture, 'upgrade', 'acr-nopass', CHART, ...(await files({})))
      await killHelm('pending-rollback', 'rollback', 'acr-nopass', String(revision + 1))
      await refused('pending-rollback', `helm rollback acr-nopass ${revision + 2}`, {})
      await recovered('rollback', 'pending-rollback')
    })
  })
}
