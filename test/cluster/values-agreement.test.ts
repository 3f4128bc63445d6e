import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import { startCluster } from '../../sandbox/cluster/start-cluster.ts'
import { formatError, NopassError } from '../../src/errors.ts'
import { type ManifestObject, parseManifest } from '../../src/helm/release/manifest.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import { APPLY } from '../../src/kube/client.ts'
import { locateRefusal } from '../../src/rollout/preflight/locate-refusal.ts'
import { loadValues } from '../../src/values/load-values.ts'
import { CHART, openHelm, scenario } from '../support/chart/chart.ts'
import { JUDGED_BY_SERVER } from '../support/chart/judged-by-server.ts'
import { podValues } from '../support/chart/pod-values.ts'
import { controlPlane, minorOfRun } from '../support/cluster/control-plane.ts'
import { objectPath, readKinds } from '../support/cluster/kinds.ts'

/**
 * The same values in every run; `FUZZ_RUNS` sets the number of runs, and `FUZZ_SEED` repeats a seed
 * that a run has printed.
 */
const requestedRuns = Number(process.env.FUZZ_RUNS)
const seed = Number(process.env.FUZZ_SEED) || (requestedRuns ? Date.now() % 2 ** 31 : 29)
const BATCH = 100

const minor = minorOfRun()
const signal = AbortSignal.timeout(30 * 60_000)
const helm = await openHelm()
const cluster = await startCluster({ name: 'values', tools: await controlPlane(minor, signal), signal })
const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-umbrella-'))
after(async () => {
  await cluster.stop()
  await helm[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})
const kinds = await readKinds(cluster.admin)
const text = await readFile(scenario('minimal'), 'utf8')
const minimal = { name: 'minimal.yaml', text }

type Values = Readonly<Record<string, unknown>>

interface Refusal {
  readonly object: ManifestObject
  readonly error: KubeApiError
}

/**
 * Renders the objects of the chart's templates from each set of values, with or without the chart's
 * own checks.
 */
async function render(
  all: readonly Values[],
  { isChecked }: { isChecked: boolean },
): Promise<ReturnType<typeof parseManifest>[]> {
  const chart = join(folder, 'charts/acr-nopass')
  await rm(chart, { recursive: true, force: true })
  await mkdir(chart, { recursive: true })
  const filter = (path: string): boolean => isChecked || !/validation\.yaml$|schema\.json$/.test(path)
  await cp(CHART, chart, { recursive: true, filter })
  const { version } = parse(await readFile(join(CHART, 'Chart.yaml'), 'utf8')) as { version: string }
  const dependencies = all.map((_, index) => ({ name: 'acr-nopass', alias: `c${index}`, version }))
  const about = { apiVersion: 'v2', name: 'umbrella', version: '1.0.0', dependencies }
  await writeFile(join(folder, 'Chart.yaml'), JSON.stringify(about))
  const values = Object.fromEntries(
    all.map((one, index) => [`c${index}`, { ...(parse(text) as Values), ...one, fullnameOverride: `c${index}` }]),
  )
  const args = [
    'template',
    'r',
    folder,
    '--namespace',
    'default',
    '--kube-version',
    minor === 'oldest' ? '1.30' : '1.37',
  ]
  const { code, stdout, stderr } = await helm.run(args, [values])
  assert.equal(code, 0, stderr)
  const objects = parseManifest(stdout)
  return all.map((_, index) => objects.filter(({ name }) => name === `c${index}`))
}

/** Returns the first refusal of the API server. Undefined: it accepts all objects. */
async function refusal(objects: ReturnType<typeof parseManifest>): Promise<Refusal | undefined> {
  for (const object of objects) {
    if (!['Deployment', 'NetworkPolicy', 'PodDisruptionBudget'].includes(object.kind)) continue
    const path = objectPath(kinds, object, 'default') ?? ''
    const query = { dryRun: 'All', fieldValidation: 'Strict', fieldManager: 'helm', force: true }
    try {
      await cluster.admin.request({ method: 'PATCH', path, query, contentType: APPLY, body: object.body }, signal)
    } catch (error) {
      // The API server responds with 500 to an apply that it cannot convert.
      if (!(error instanceof KubeApiError) || error.status < 400) throw error
      return { object, error }
    }
  }
  return undefined
}

/** Values that Kubernetes accepts, and that the chart rejects on purpose. */
const STRICTER: readonly RegExp[] = [
  // No Secret can have a name that this error reports.
  /`imagePullSecrets\[\d\]\.name` is/,
  // The chart compares paths as texts, so they are written in one way.
  /`extraVolumeMounts\[\d\]\.mountPath` is/,
]

const validate = (values: Values): readonly string[] => {
  const file = { name: 'own.yaml', text: JSON.stringify(values) }
  return loadValues({ files: [minimal, file] }).errors.map(formatError)
}

test('P11 of the keys that are passed on to Kubernetes, `validate` refuses nothing that the API server accepts', async (context) => {
  // API servers drop these fields unread as long as they are not enabled by default.
  const isLater = ({ extraVolumes, affinity }: Values): boolean =>
    /podCertificate|clusterTrustBundle|atchLabelKeys/.test(JSON.stringify({ extraVolumes, affinity }))
  const samples = (fc.sample(podValues, { numRuns: requestedRuns || 600, seed }) as Values[]).filter(
    (values) => minor === 'newest' || !isLater(values),
  )
  context.diagnostic(`seed ${seed}`)
  const differing: string[] = []
  let refused = 0
  const batches = Array.from({ length: Math.ceil(samples.length / BATCH) }, (_, index) => {
    return samples.slice(index * BATCH, (index + 1) * BATCH)
  })
  for (const batch of batches) {
    const rendered = await render(batch, { isChecked: false })
    const refusals = await Promise.all(rendered.map(refusal))
    for (const [at, values] of batch.entries()) {
      const reasons = validate(values).filter((error) => !STRICTER.some((rule) => rule.test(error)))
      if (reasons.length > 0) refused += 1
      if (reasons.length > 0 && refusals[at] === undefined) {
        differing.push(`${JSON.stringify(values)}\n  validate: ${reasons.join('; ')}\n  server: accepted`)
      }
    }
  }
  assert.equal(differing.join('\n'), '', `${differing.length} of ${samples.length} (seed ${seed})`)
  context.diagnostic(`${refused} of ${samples.length} refused by validate`)
  assert.ok(refused > samples.length / 20, 'values of the wrong type are among them')
})

test('P11 `validate` and the chart leave values with the types of Kubernetes to the API server, whose refusal is located in the values file', async () => {
  // The chart's own checks and its schema accept all of them.
  const rendered = await render(
    JUDGED_BY_SERVER.map(({ values }) => values),
    { isChecked: true },
  )
  const refusals = await Promise.all(rendered.map(refusal))
  const wrong: unknown[] = []
  for (const [index, { title, values, key }] of JUDGED_BY_SERVER.entries()) {
    assert.deepEqual(validate(values), [], title)
    const found = refusals[index]
    assert.ok(found, `${title} is accepted by the API server`)
    const source = loadValues({ files: [minimal, { name: 'own.yaml', text: JSON.stringify(values) }] })
    const invalid = new NopassError('HELM_INVALID_OBJECT', found.error.message, { cause: found.error })
    const { hint, place } = locateRefusal(invalid, found.object, source)
    const isGiven = JSON.stringify(values).includes(`"${key.split('.')[0]}`)
    if (!hint.includes(`\`${key}\``) || (isGiven && place.file !== 'own.yaml')) {
      wrong.push({ title, key, hint, fields: found.error.fields, message: found.error.message })
    }
  }
  assert.deepEqual(wrong, [])
})
