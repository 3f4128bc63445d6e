import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { globsToPattern, matchesTarget } from '../../src/values/glob.ts'
import { CHART, openHelm, scenario, type TestHelm } from '../support/chart/chart.ts'
import type { ChartCluster } from '../support/cluster/chart-cluster.ts'
import { eventually } from '../support/eventually.ts'

/** A target and a name, as values could hold them. */
interface Sample {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  readonly name: string
}

const letters = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.'), minLength: 1, maxLength: 6 })
const glob = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '*'), minLength: 1, maxLength: 5 })
const target = fc.record({
  include: fc.array(glob, { minLength: 1, maxLength: 3 }),
  exclude: fc.array(glob, { maxLength: 2 }),
  name: letters,
})
const samples: readonly Sample[] = fc.sample(target, 300)
const PER_POLICY = 30

const isSample = { name: 'is-sample', expression: "object.metadata.name == 'sample'" }

const PROBE = `{{- range $index, $sample := .Files.Get "samples.json" | fromJsonArray }}
s{{ $index }}: {{ include "acr-nopass.globs-cel" (dict "subject" "subject" "target" $sample) | toJson }}
{{- end }}
`

/**
 * Compares the CEL expression that the chart writes for a target with the helper's decision in
 * TypeScript.
 */
export function testGlobs(chart: ChartCluster): void {
  let helm: TestHelm
  let folder = ''
  before(async () => {
    helm = await openHelm('helm4')
    folder = await mkdtemp(join(tmpdir(), 'acr-nopass-globs-'))
  })
  after(async () => {
    await helm[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  test('a target means the same to the API server (CEL, as the chart writes it) and to the helper (TypeScript)', async () => {
    const expressions = await renderExpressions()
    assert.ok(samples.some((sample) => matchesTarget(sample, sample.name)))
    assert.ok(samples.some((sample) => !matchesTarget(sample, sample.name)))
    await installEvaluators(expressions)
    const matches = await Promise.all(samples.map((sample, index) => evaluate(index, sample.name)))
    samples.forEach((sample, index) => {
      assert.equal(
        matches[index],
        matchesTarget(sample, sample.name),
        JSON.stringify({ sample, cel: expressions[index] }),
      )
    })
  })

  test('chart and TypeScript write the same expression', async () => {
    for (const [index, expression] of (await renderExpressions()).entries()) {
      const { include, exclude } = samples[index] as Sample
      const all = include.includes('*')
      const terms = [
        ...(all ? [] : [`subject.matches(r'${globsToPattern(include)}')`]),
        ...(exclude.length === 0 ? [] : [`!subject.matches(r'${globsToPattern(exclude)}')`]),
      ]
      assert.equal(expression, terms.join(' && ') || 'true')
    }
  })

  /** Renders the CEL of each sample through a template added to the chart's own templates. */
  async function renderExpressions(): Promise<string[]> {
    const copy = join(folder, 'acr-nopass')
    await cp(CHART, copy, { recursive: true })
    await writeFile(join(copy, 'samples.json'), JSON.stringify(samples))
    await writeFile(join(copy, 'templates/probe.yaml'), PROBE)
    const output = await helm.render({ values: [scenario('minimal')], chart: copy })
    return samples.map((_, index) => {
      const [, json] = new RegExp(`^s${index}: (".*")$`, 'm').exec(output) ?? []
      assert.ok(json, `sample ${index}`)
      return JSON.parse(json) as string
    })
  }

  /**
   * Installs policies that reject a ConfigMap unless the expression selected by its index is true
   * for the name in the ConfigMap.
   */
  async function installEvaluators(expressions: readonly string[]): Promise<void> {
    const starts = expressions.map((_, index) => index).filter((index) => index % PER_POLICY === 0)
    await Promise.all(starts.map((from) => installEvaluator(from, expressions.slice(from, from + PER_POLICY))))
    for (const from of starts) {
      const shows = samples.findIndex((s, at) => at >= from && at < from + PER_POLICY && !matchesTarget(s, s.name))
      assert.notEqual(shows, -1, 'no sample of this policy shows that it is active')
      const { name } = samples[shows] as Sample
      await eventually(async () => assert.equal(await evaluate(shows, name), false), 20_000)
    }
  }

  async function installEvaluator(from: number, expressions: readonly string[]): Promise<void> {
    const path = '/apis/admissionregistration.k8s.io/v1'
    const metadata = { name: `evaluator-${from}` }
    const validations = expressions.map((expression, offset) => ({
      expression: `object.data.index != '${from + offset}' || ${expression.replaceAll('subject.', 'object.data.name.')}`,
    }))
    const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }]
    const policy = { metadata, spec: { matchConstraints: { resourceRules }, matchConditions: [isSample], validations } }
    await chart.admin.request({ method: 'POST', path: `${path}/validatingadmissionpolicies`, body: policy })
    const binding = { metadata, spec: { policyName: metadata.name, validationActions: ['Deny'] } }
    await chart.admin.request({ method: 'POST', path: `${path}/validatingadmissionpolicybindings`, body: binding })
  }

  async function evaluate(index: number, name: string): Promise<boolean> {
    const path = '/api/v1/namespaces/default/configmaps'
    const body = { metadata: { name: 'sample' }, data: { index: `${index}`, name } }
    try {
      await chart.admin.request({ method: 'POST', path, query: { dryRun: 'All' }, body })
      return true
    } catch (error) {
      assert.match(`${error}`, /failed expression/)
      return false
    }
  }
}
