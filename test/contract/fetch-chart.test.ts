import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { fetchChart } from '../../src/helm/fetch-chart.ts'
import { findHelm } from '../../src/helm/find-helm.ts'
import { runProgram } from '../../src/helm/run-helm.ts'
import { nameOfArchive } from '../../src/rollout/inputs/describe-chart.ts'
import { testTools } from '../tools.ts'

const CHART = resolve(import.meta.dirname, '..', '..', 'chart')
const VALUES = resolve(import.meta.dirname, '..', '..', 'examples', 'values', 'enterprise-worker-role.yaml')
const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-fetch-'))
after(() => rm(folder, { recursive: true, force: true }))

for (const name of ['helm3', 'helm4'] as const) {
  test(`${name}: a chart folder is deployed in the state that it had when the run began`, async (t) => {
    const tools = await testTools(name)
    const environment = { PATH: process.env.PATH }
    const helm = await findHelm({ path: tools[name], environment, home: join(folder, `${name}-home`) })
    const chart = join(folder, `${name}-chart`)
    await cp(CHART, chart, { recursive: true })
    const archive = await fetchChart(helm, { reference: chart, version: undefined }, folder, t.signal)
    await rm(chart, { recursive: true })
    assert.equal(nameOfArchive(await readFile(archive), chart), 'acr-nopass')
    const render = async (from: string) => {
      const args = ['template', 'r', from, `--values=${VALUES}`, '--kube-version=1.37.0']
      return runProgram(helm.path, args, helm.environment)
    }
    const [packed, whole] = await Promise.all([render(archive), render(CHART)])
    assert.deepEqual([packed.exitCode, packed.stdout === whole.stdout], [0, true], packed.stderr)
  })

  test(`${name}: a registry that is down is an error of the chart`, async (t) => {
    const tools = await testTools(name)
    const helm = await findHelm({ path: tools[name], environment: {}, home: join(folder, `${name}-home`) })
    await assert.rejects(
      fetchChart(helm, { reference: 'oci://127.0.0.1:1/charts/c', version: undefined }, folder, t.signal),
      { code: 'HELM_CHART', message: /^oci:\/\/127\.0\.0\.1:1\/charts\/c cannot be pulled: .*connection refused$/ },
    )
  })
}
