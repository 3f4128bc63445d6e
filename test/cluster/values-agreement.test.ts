import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import { startCluster } from '../../sandbox/cluster/start-cluster.ts'
import { formatError } from '../../src/errors.ts'
import { parseManifest } from '../../src/helm/release/manifest.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import { APPLY } from '../../src/kube/client.ts'
import { loadValues } from '../../src/values/load-values.ts'
import { CHART, openHelm, scenario, USUAL_HELM } from '../support/chart/chart.ts'
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
const helm = await openHelm(USUAL_HELM)
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

/**
 * The objects that the chart's templates render from each set of values, with or without the
 * chart's own checks.
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

/** The first error of the API server; undefined: it accepts all objects. */
async function refusal(objects: ReturnType<typeof parseManifest>): Promise<string | undefined> {
  for (const object of objects) {
    if (!['Deployment', 'NetworkPolicy', 'PodDisruptionBudget'].includes(object.kind)) continue
    const path = objectPath(kinds, object, 'default') ?? ''
    const query = { dryRun: 'All', fieldValidation: 'Strict', fieldManager: 'helm', force: true }
    try {
      await cluster.admin.request({ method: 'PATCH', path, query, contentType: APPLY, body: object.body }, signal)
    } catch (error) {
      // The API server responds with 500 to an apply that it cannot convert.
      if (!(error instanceof KubeApiError) || error.status < 400) throw error
      return `${object.kind}: ${error.message}`
    }
  }
  return undefined
}

/** Accepted by Kubernetes, and rejected on purpose. */
const STRICTER: readonly RegExp[] = [
  // No Secret can have such a name.
  /`imagePullSecrets\[\d\]\.name` is/,
  // Rejected before 1.32, and of no use since.
  /`extraEnv\[\d\]\.name` is/,
  // The helper uses no huge pages, which have rules of their own in Kubernetes.
  /the key "hugepages-/,
  // The kubelet does not know this medium.
  /\.emptyDir\.medium` is/,
  // Kubernetes turns it into an emptyDir.
  /`extraVolumes` needs exactly one source/,
  // Rejected before 1.34, and of no use since.
  /`matchLabelKeys` names/,
  // An IPv4 address written as IPv6, or with leading zeros in its numbers: rejected from 1.36 on.
  ...(minor === 'newest'
    ? []
    : [/ip` is .*Kubernetes refuses from 1\.36|nameservers\[\d\]` is .*Kubernetes refuses from 1\.36/]),
]
test('P11 of the keys that are passed on to Kubernetes, `validate` accepts what the API server accepts, and nothing else', async (context) => {
  // Before these were enabled by default, the API server drops them unread.
  const isLater = ({ extraVolumes, affinity }: Values): boolean =>
    /podCertificate|clusterTrustBundle|atchLabelKeys/.test(JSON.stringify({ extraVolumes, affinity }))
  const samples = (fc.sample(podValues, { numRuns: requestedRuns || 600, seed }) as Values[]).filter(
    (values) => minor === 'newest' || !isLater(values),
  )
  context.diagnostic(`seed ${seed}`)
  const differing: string[] = []
  const ours = samples.map((values) => {
    const file = { name: 'own.yaml', text: JSON.stringify(values) }
    return loadValues({ files: [minimal, file] }).errors.map(formatError)
  })
  for (const isAccepted of [true, false]) {
    const indexes = [...samples.keys()].filter((index) => (ours[index]?.length === 0) === isAccepted)
    for (let start = 0; start < indexes.length; start += BATCH) {
      const batch = indexes.slice(start, start + BATCH)
      // The chart's own checks also accept what `validate` accepts.
      const rendered = await render(
        batch.map((index) => samples[index] ?? {}),
        { isChecked: isAccepted },
      )
      const refusals = await Promise.all(rendered.map(refusal))
      for (const [at, index] of batch.entries()) {
        const theirs = refusals[at]
        const reasons = (ours[index] ?? []).filter((error) => !STRICTER.some((rule) => rule.test(error)))
        if (theirs === undefined ? reasons.length > 0 : isAccepted)
          differing.push(
            `${JSON.stringify(samples[index])}\n  validate: ${reasons.join('; ') || 'accepted'}\n  server: ${theirs ?? 'accepted'}`,
          )
      }
    }
  }
  const accepted = ours.filter((errors) => errors.length === 0).length
  assert.equal(differing.join('\n'), '', `${differing.length} of ${samples.length} (seed ${seed})`)
  context.diagnostic(`${accepted} of ${samples.length} accepted`)
  assert.ok(accepted > samples.length / 5 && accepted < (samples.length * 4) / 5, 'a corpus with both verdicts')
})

test('P11 what `validate` rejects beyond the schema, the chart rejects too', async () => {
  const samples = fc.sample(podValues, { numRuns: 2000, seed }) as Values[]
  const refused = samples.filter((values) => {
    const { errors, helmAccepts } = loadValues({ files: [minimal, { name: 'own.yaml', text: JSON.stringify(values) }] })
    // Templates cannot compare ranges of addresses.
    return helmAccepts && errors.length > 0 && errors.every(({ message }) => !message.includes('`except`'))
  })
  assert.ok(refused.length > 30)
  for (const values of refused.slice(0, 30)) {
    const args = ['template', 'r', CHART, '--kube-version', '1.37']
    const { code } = await helm.run(args, [scenario('minimal'), values])
    assert.notEqual(code, 0, JSON.stringify(values))
  }
})
