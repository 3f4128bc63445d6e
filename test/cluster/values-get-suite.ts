import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadValues } from '../../src/values/load-values.ts'
import { openHelm } from '../support/chart/chart.ts'
import { goJson } from '../support/chart/go-json.ts'
import { makeProbeChart } from '../support/chart/probe-chart.ts'
import type { ChartCluster } from '../support/cluster/chart-cluster.ts'

const EXAMPLES = new URL('../../examples/values/', import.meta.url)
const DEFAULTS = new URL('../../chart/values.yaml', import.meta.url)

/**
 * Values files in the order in which they are passed: with replaced lists, merged maps, removed
 * defaults, and values with more than one JSON form.
 */
const CHAINS: readonly (readonly (string | URL)[])[] = [
  [new URL('enterprise-worker-role.yaml', EXAMPLES)],
  [
    new URL('production.yaml', EXAMPLES),
    'podAnnotations: { b: "<a href=\'x\'>&</a>", a: "\\u2028", ä: "日本", 😀: "\\x7f", ｡: "\\b" }\nsecretLabels: { z: "1", a: "2" }\n',
    'podAnnotations: { a: null, c: "1e3" }\naffinity: null\nreplicas: 1\nnodeSelector: { b: "1.0" }\n',
    'resources: null\ntolerations: [{ key: a, operator: Exists, tolerationSeconds: 3.6e2 }]\n',
  ],
  [
    new URL('two-accounts-one-domain.yaml', EXAMPLES),
    'extraObjects:\n  - { apiVersion: v1, kind: ConfigMap, metadata: { name: numbers }, extra: [1e3, 1.0, 1.50, 0.1, 1e-7, 5e-324, 1e+15, 9007199254740991, -7, 123456.789e3] }\n',
  ],
]

/**
 * Compares Helm's stored values of a release with our merge of its files, through the release's own
 * storage.
 */
export function testGetValues(opened: () => ChartCluster): void {
  test('P11 `helm get values --all -o json` prints exactly the bytes of the values that we merge', async () => {
    const { cluster } = opened()
    await using helm = await openHelm()
    const defaults = { name: 'chart/values.yaml', text: await readFile(DEFAULTS, 'utf8') }
    // Only the chart's defaults matter here. Without schema and objects, any sequence of files
    // can be installed.
    await using probe = await makeProbeChart(defaults.text, '{}')
    await writeFile(join(probe.folder, 'templates/probe.yaml'), '')
    const target = ['--namespace', 'values', '--kubeconfig', cluster.adminKubeconfigFile]
    for (const chain of CHAINS) {
      const texts = await Promise.all(chain.map((file) => (file instanceof URL ? readFile(file, 'utf8') : file)))
      const files = texts.map((text, index) => ({ name: `${index}.yaml`, text }))
      const { merged, errors } = loadValues({ files, defaults })
      assert.deepEqual(
        errors.filter(({ code }) => code.startsWith('YAML_')),
        [],
      )
      assert.ok(merged)
      const paths = await Promise.all(files.map(({ text }) => probe.file(text)))
      const install = ['upgrade', '--install', '--create-namespace', 'kept', probe.folder]
      const done = await helm.run([...install, ...target], paths)
      assert.equal(done.code, 0, done.stderr)
      const { stdout } = await helm.run(['get', 'values', 'kept', '--all', '-o', 'json', ...target])
      assert.equal(stdout, `${goJson(merged)}\n`)
    }
  })
}
