import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { formatError } from '../../src/errors.ts'
import { helmEnvironment } from '../../src/helm/helm-environment.ts'
import { parseManifest } from '../../src/helm/release/manifest.ts'
import { loadValues } from '../../src/values/load-values.ts'
import { ensureTools } from '../../tools/build/ensure-tools.ts'
import { CHART, openHelm, scenario } from '../support/chart/chart.ts'
import { silentProgress } from '../support/silent-progress.ts'

const ROOT = join(CHART, '..')
const helm = await openHelm()
const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-gitops-'))
after(async () => {
  await helm[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

interface Project {
  readonly clusterResourceWhitelist: readonly { readonly group: string; readonly kind: string }[]
  readonly destinations: readonly { readonly namespace: string; readonly server: string }[]
  readonly sourceRepos: readonly string[]
}

interface Application {
  readonly project: string
  readonly source: {
    readonly repoURL: string
    readonly chart: string
    readonly targetRevision: string
    readonly helm: { readonly releaseName: string; readonly valuesObject: object }
  }
  readonly destination: { readonly namespace: string; readonly server: string }
}

interface Rule {
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

interface FluxRepository {
  readonly url: string
  readonly ref: { readonly tag: string }
  readonly layerSelector: { readonly mediaType: string }
  readonly verify: {
    readonly provider: string
    readonly matchOIDCIdentity: readonly { readonly issuer: string; readonly subject: string }[]
  }
}

interface FluxRelease {
  readonly releaseName: string
  readonly targetNamespace: string
  readonly chartRef: { readonly kind: string; readonly name: string }
  readonly values: object
}

const read = async (name: string): Promise<string> => readFile(join(ROOT, 'examples/gitops', name), 'utf8')
const argo = await readSpecs('argocd.yaml')
const flux = await readSpecs('flux.yaml')
const project = argo.AppProject as Project
const application = argo.Application as Application
const repository = flux.OCIRepository as FluxRepository
const release = flux.HelmRelease as FluxRelease

/** How each tool passes values to the chart. */
const ways: readonly (readonly [string, object])[] = [
  ['Argo CD', application.source.helm.valuesObject],
  ['Flux', release.values],
  ['plain helm template', parse(await read('values.yaml')) as object],
]

for (const [tool, values] of ways) {
  test(`${tool}: the values of the example are accepted, and render, also for retire`, async () => {
    const defaults = { name: 'values.yaml', text: await readFile(join(CHART, 'values.yaml'), 'utf8') }
    for (const all of [values, { ...values, retire: true }]) {
      const { errors } = loadValues({ files: [{ name: tool, text: stringify(all) }], defaults })
      assert.deepEqual(errors.map(formatError), [])
      assert.equal(kinds(await helm.render({ values: [all] })).has('MutatingAdmissionPolicy'), !('retire' in all))
    }
  })
}

test('Argo CD: the project allows every cluster-scoped kind that any values render, and no other', async () => {
  const allowed = project.clusterResourceWhitelist.map(({ group, kind }) => `${group}/${kind}`)
  const wide = new Set(['/Namespace'])
  for (const attach of ['both', 'serviceAccounts']) {
    const manifest = await helm.render({ values: [scenario('minimal'), { attach }] })
    for (const { apiVersion, kind, namespace } of parseManifest(manifest)) {
      if (namespace === undefined) wide.add(`${apiVersion.split('/')[0]}/${kind}`)
    }
  }
  assert.deepEqual(allowed.toSorted(), [...wide].sort())
})

/**
 * Kinds that Argo CD never applies, whatever its settings
 * (https://github.com/argoproj/argo-cd/blob/master/util/settings/resources_filter.go,
 * coreExcludedResources).
 */
const NEVER_APPLIED = /^(events\.k8s\.io|metrics\.k8s\.io)\/|^v1\/Event$|^coordination\.k8s\.io\/.*Lease$/

test('Argo CD: of the kinds that Argo CD never applies, the chart renders only a Lease, which the helper may create', async () => {
  for (const attach of ['admission', 'serviceAccounts']) {
    const objects = parseManifest(await helm.render({ values: [scenario('everything'), { attach }] }))
    const omitted = objects.filter(({ apiVersion, kind }) => NEVER_APPLIED.test(`${apiVersion}/${kind}`))
    assert.deepEqual(
      omitted.map(({ kind, name }) => `${kind} ${name}`),
      ['Lease acr-nopass'],
    )
    for (const { name, namespace } of omitted) {
      const rules = objects.flatMap(({ kind, namespace: home, body }) =>
        kind === 'Role' && home === namespace ? (body.rules as Rule[]) : [],
      )
      const [rule] = rules.filter(({ resources }) => resources.includes('leases'))
      assert.deepEqual(rule?.resourceNames, [name])
      // A server-side apply of an object that does not exist.
      assert.ok(['create', 'patch'].every((verb) => rule?.verbs.includes(verb)))
    }
  }
})

test('Argo CD: project and application fit together', () => {
  assert.equal(application.project, 'acr-nopass')
  assert.deepEqual(project.sourceRepos, [application.source.repoURL])
  assert.deepEqual(project.destinations, [application.destination])
  // Argo CD's label tracking overwrites the label that holds the release's name.
  assert.equal(application.source.helm.releaseName, 'acr-nopass')
})

test('the examples take the chart from where the release pushes it, at its current version', async () => {
  const { version } = parse(await readFile(join(CHART, 'Chart.yaml'), 'utf8')) as { version: string }
  const workflow = parse(await readFile(join(ROOT, '.github/workflows/release.yml'), 'utf8'))
  const charts: string = workflow.env.CHARTS
  const { repoURL, chart, targetRevision } = application.source
  assert.equal(`oci://${repoURL}`, charts)
  assert.deepEqual([chart, targetRevision], ['acr-nopass', version])
  assert.equal(repository.url, `${charts}/acr-nopass`)
  assert.deepEqual(repository.ref, { tag: version })
  assert.deepEqual(release.chartRef, { kind: 'OCIRepository', name: 'acr-nopass' })
  // The layer that `helm push` writes: https://helm.sh/docs/topics/registries/
  assert.equal(repository.layerSelector.mediaType, 'application/vnd.cncf.helm.chart.content.v1.tar+gzip')
})

test("Flux: a chart is used only if the release's workflow signed it, as users verify it", async () => {
  const page = await readFile(join(ROOT, 'docs/en/verify.md'), 'utf8')
  const [, identity = ''] = /^identity=(\S+)$/m.exec(page) ?? []
  const [, issuer = ''] = /^issuer=(\S+)$/m.exec(page) ?? []
  const { provider, matchOIDCIdentity } = repository.verify
  assert.equal(provider, 'cosign')
  assert.equal(matchOIDCIdentity.length, 1)
  const [allowed] = matchOIDCIdentity.map((entry) => ({
    issuer: new RegExp(entry.issuer),
    subject: new RegExp(entry.subject),
  }))
  assert.ok(allowed)
  assert.match(issuer, allowed.issuer)
  assert.match(identity, allowed.subject)
  const others = [
    identity.replace('acr-nopass/acr-nopass', 'somebody/acr-nopass'),
    identity.replace('release.yml', 'ci.yml'),
    identity.replace(/refs\/tags\/.*/, 'refs/heads/main'),
    `https://example.test/${identity}`,
  ]
  for (const other of others) assert.doesNotMatch(other, allowed.subject)
})

test("Argo CD: a team's application leaves the list of its ServiceAccounts to the helper, and nothing else", async () => {
  const { Application: team } = (await readSpecs('argocd-tenant.yaml')) as {
    Application: { ignoreDifferences: unknown; syncPolicy: { syncOptions: readonly string[] } }
  }
  assert.deepEqual(team.ignoreDifferences, [{ group: '', kind: 'ServiceAccount', jsonPointers: ['/imagePullSecrets'] }])
  assert.ok(team.syncPolicy.syncOptions.includes('RespectIgnoreDifferences=true'))
})

test('the Kubernetes version that a tool passes decides `auto`, in each notation', async () => {
  for (const [kubeVersion, expected] of [
    ['1.35', false],
    ['v1.35.9', false],
    ['1.36', true],
    ['v1.36.0', true],
    ['v1.36.1-aliyun.1', true],
  ] as const) {
    const manifest = await helm.render({ values: [scenario('minimal')], kubeVersion })
    assert.equal(kinds(manifest).has('MutatingAdmissionPolicy'), expected, kubeVersion)
  }
})

test('the script for plain manifests runs unchanged', async () => {
  const { helm4 } = await ensureTools(['helm4'], { progress: silentProgress, signal: AbortSignal.timeout(3_600_000) })
  await mkdir(join(folder, 'bin'))
  await symlink(helm4, join(folder, 'bin/helm'))
  const PATH = `${join(folder, 'bin')}:/usr/bin:/bin`
  // Readers have the published chart instead of `./chart`, and their values next to it.
  await symlink(CHART, join(folder, 'chart'))
  await symlink(join(ROOT, 'examples/gitops/values.yaml'), join(folder, 'values.yaml'))
  const options = { cwd: folder, env: { ...helmEnvironment(process.env, folder), PATH } }
  await promisify(execFile)('sh', [join(ROOT, 'examples/gitops/render.sh')], options)
  const [, , [, values = {}] = []] = ways
  const same = await helm.render({ values: [values], namespace: 'acr-nopass', kubeVersion: '1.30' })
  assert.equal(await readFile(join(folder, 'acr-nopass.yaml'), 'utf8'), same)
})

/** Returns the specs of an example's documents, by kind. */
async function readSpecs(name: string): Promise<Record<string, unknown>> {
  const documents = parseAllDocuments(await read(name)).map(
    (document) => document.toJS() as { kind: string; spec: unknown },
  )
  return Object.fromEntries(documents.map(({ kind, spec }) => [kind, spec]))
}

function kinds(manifest: string): Set<string> {
  return new Set(parseManifest(manifest).map(({ kind }) => kind))
}
