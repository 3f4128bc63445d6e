import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { parse, stringify } from 'yaml'
import { startCluster } from '../../sandbox/cluster/start-cluster.ts'
import { findHelm } from '../../src/helm/find-helm.ts'
import { isSameRelease, renderRelease, templateRelease } from '../../src/helm/release/render-release.ts'
import { loadValues } from '../../src/values/load-values.ts'
import { openRun } from '../../tools/process/run.ts'
import { testTools } from '../tools.ts'

/**
 * An apply renders our own chart without the cluster. The manifest that it compares and reports
 * must equal the manifest that helm installs.
 */
const root = resolve(import.meta.dirname, '..', '..')
const tools = await testTools('etcd', 'kube-apiserver', 'kube-controller-manager', 'helm3', 'helm4')
const run = await openRun()
const cluster = await startCluster({ name: 'render', tools, run })
const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-render-'))
after(async () => {
  await cluster.stop()
  await run.end()
  await rm(folder, { recursive: true, force: true })
})

const chart = join(root, 'chart')
const { gitVersion } = await cluster.admin.request<{ gitVersion: string }>({ method: 'GET', path: '/version' })
const defaults = { name: 'chart/values.yaml', text: await readFile(join(chart, 'values.yaml'), 'utf8') }
const { name, version } = parse(await readFile(join(chart, 'Chart.yaml'), 'utf8'))
const target = { release: 'acr', namespace: 'default', kubeconfig: cluster.adminKubeconfigFile }
const scenarios = (await readdir(join(chart, 'ci'))).map((file) => join(chart, 'ci', file))

for (const major of ['helm4', 'helm3'] as const) {
  test(`${major}: rendered without the cluster, each scenario of the chart equals the cluster's dry run`, async () => {
    const helm = await findHelm({ path: tools[major], environment: process.env, home: join(folder, major) })
    for (const file of scenarios) {
      const values = parse(await readFile(file, 'utf8'))
      // The user's own objects, and kinds that this API server does not know, are rendered with
      // access to the cluster.
      const { extraObjects: _objects, metrics: _metrics, ...plain } = values
      const text = stringify({ ...plain, podAnnotations: { number: '1e3' }, nodeSelector: null })
      const own = join(folder, 'values.yaml')
      await writeFile(own, text)
      const { given, errors } = loadValues({ files: [{ name: 'values', text }], defaults })
      assert.deepEqual(errors, [], file)
      assert.ok(given)
      const options = {
        chart,
        valuesFiles: [own],
        timeout: '1m',
        wait: true,
        forceConflicts: false,
        description: '',
      }
      const known = { chart: `${name}-${version}`, values: given, version: gitVersion, installed: false }
      const [real, ours] = await Promise.all([
        renderRelease(helm, target, options),
        templateRelease(helm, target, options, known),
      ])
      assert.deepEqual(ours, real, file)
      assert.ok(isSameRelease(ours, real))
    }
  })
}
