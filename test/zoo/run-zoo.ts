import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import { breakRelease } from './break-release.ts'
import type { Rendered, ZooCluster } from './cluster.ts'
import { DEFECT_FINDINGS, type Defect } from './defects.ts'
import { MADE_HOME, NAMESPACES, SECOND_HOME, SECRET, servedBy, VENDOR_HELPER, type ZooPlan } from './draw-zoo.ts'
import { listAt, type ZooObject } from './kinds.ts'
import { DEMO, DEMO_PUBLIC, OLD_HELPER, OLD_SECRETS, PERSONAL, PERSONAL_VPC, PRIVATE_HOSTS } from './objects.ts'
import {
  essence,
  findViolations,
  type Operation,
  type Owner,
  type Snapshot,
  type Truth,
  type Violation,
} from './rules.ts'
import { type CommandResult, runCommand, runPrinted } from './run-command.ts'

export interface ZooReport {
  readonly plan: ZooPlan
  readonly violations: readonly Violation[]
  /** Steps and output, one per line. */
  readonly lines: readonly string[]
  /** The fate of the vendor's helper, if the operation is its removal and did not crash. */
  readonly oldHelper: 'stopped' | 'kept' | undefined
}

interface Run {
  readonly zoo: ZooCluster
  readonly plan: ZooPlan
  readonly release: Rendered
  readonly second: Rendered | undefined
  readonly lines: string[]
  readonly violations: Violation[]
  oldHelper?: ZooReport['oldHelper']
}

interface Entry {
  readonly id: string
  readonly severity: string
  readonly subject: string
  readonly cause?: string
  readonly command?: string
}

/**
 * Builds a zoo, runs the helper in it, and runs the drawn operation. Each step is compared with the
 * rules.
 */
export async function runZoo(zoo: ZooCluster, plan: ZooPlan): Promise<ZooReport> {
  const lines: string[] = []
  const violations: Violation[] = []
  try {
    const { oldHelper } = await run({ zoo, plan, lines, violations })
    return { plan, violations, lines, oldHelper }
  } catch (error) {
    violations.push({ rule: 'crash', detail: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    return { plan, violations, lines, oldHelper: undefined }
  }
}

async function run({ zoo, plan, lines, violations }: Omit<Run, 'release' | 'second'>): Promise<Run> {
  const release = await zoo.render({ namespace: plan.home, name: 'acr-nopass' }, valuesOf(zoo, plan))
  const second =
    plan.second &&
    (await zoo.render(
      { namespace: SECOND_HOME, name: 'second' },
      {
        registries: REGISTRIES,
        secretName: plan.second.secretName,
        targets: { namespaces: { include: plan.second.namespaces } },
      },
    ))
  const now: Run = { zoo, plan, release, second, lines, violations }
  await zoo.reset(second === undefined ? [release] : [release, second])
  await populate(now)
  const before = await zoo.snapshot()
  await zoo.runHelper(release)
  const installed = await zoo.snapshot()
  const truth = truthOf(now, before, installed)
  check(now, 'install', before, installed, truth)

  for (const { unmanaged = [], labelled = [], rewritten = [], expired = [] } of plan.features) {
    for (const key of unmanaged) await forgetWriters(zoo, key)
    for (const key of labelled) await applyLabel(zoo, key)
    for (const key of rewritten) await writeListAgain(zoo, key)
    for (const namespace of expired) await expire(zoo, namespace)
  }
  if (admits(zoo, plan)) await zoo.untilAdmitted(release)
  for (const { late = [] } of plan.features) for (const written of late) await zoo.write(written)
  for (const { waiting } of plan.features) if (waiting !== undefined) await zoo.makeWait(waiting)
  for (const { last = [] } of plan.features) for (const written of last) await zoo.write(written)
  const { there } = await diagnose(now, truth, expectedFindings(plan))
  await diagnosePods(now)
  await diagnoseWithFewRights(now, expectedFindings(plan))
  if (plan.defect !== undefined) await breakAndRepair(now, truth, there)
  await operate(now, truth)
  return now
}

const REGISTRIES = [
  { name: 'demo', edition: 'enterprise', instanceId: 'cri-k7x2m9q4w1t8z5h3', region: 'cn-hangzhou' },
  { name: 'personal', edition: 'personal', region: 'cn-shanghai' },
]

function valuesOf(zoo: ZooCluster, { repositories, second, scope, home, ...plan }: ZooPlan): object {
  const [demo, ...others] = REGISTRIES
  const seconds = second === undefined ? [] : [SECOND_HOME, ...second.namespaces]
  const namespaces =
    scope === 'cluster'
      ? { include: ['*'], exclude: ['kube-*', ...seconds] }
      : { include: [...NAMESPACES.filter((name) => !seconds.includes(name)), home], exclude: [] }
  return {
    registries: [repositories === undefined ? demo : { ...demo, repositories }, ...others],
    targets: { namespaces },
    scope,
    attach: admits(zoo, plan) ? 'admission' : 'serviceAccounts',
  }
}

const admits = (zoo: ZooCluster, { attach }: Pick<ZooPlan, 'attach'>): boolean => attach === 'admission' && zoo.canAdmit

async function populate({ zoo, plan, release, second }: Run): Promise<void> {
  if (plan.home === MADE_HOME) await makeHome(zoo)
  for (const name of plan.skipped) {
    const body = { metadata: { labels: { 'acr-nopass.io/skip': 'true' } } }
    await zoo.call({ method: 'PATCH', path: `/api/v1/namespaces/${name}`, body, contentType: MERGE_PATCH })
  }
  // If an object was created without any field, the API server records no writers, not even later
  // ones.
  for (const [index, namespace] of NAMESPACES.entries()) {
    const fields = (plan.seed + index) % 2 === 0 ? {} : { automountServiceAccountToken: false }
    await zoo.write({ object: { ...account(namespace, 'builder'), ...fields } })
  }
  for (const { early = [] } of plan.features) for (const written of early) await zoo.write(written)
  if (second !== undefined) {
    await zoo.install(second)
    await zoo.runHelper(second)
    await zoo.settleDeployment(second)
  }
  await zoo.install(release)
  await zoo.settleDeployment(release)
}

function account(namespace: string, name: string): ZooObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } }
}

/** Creates the release's namespace as a rollout does. */
async function makeHome(zoo: ZooCluster): Promise<void> {
  const path = `/api/v1/namespaces/${MADE_HOME}`
  const end = performance.now() + 120_000
  for (;;) {
    const there = await zoo.read(path)
    if (there === undefined) break
    if (there.metadata.deletionTimestamp === undefined) await zoo.remove(path)
    if (performance.now() > end) throw new Error(`${MADE_HOME} does not end`)
    await new Promise((done) => setTimeout(done, 100))
  }
  const labels = { 'acr-nopass.io/made-for-release': 'true' }
  await zoo.call({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: MADE_HOME, labels } } })
  while (
    (await zoo.read(`${path}/serviceaccounts/default`)) === undefined ||
    (await zoo.read(`${path}/configmaps/kube-root-ca.crt`)) === undefined
  ) {
    if (performance.now() > end) throw new Error(`${MADE_HOME} gets no ServiceAccount`)
    await new Promise((done) => setTimeout(done, 50))
  }
}

function truthOf({ zoo, plan, release, second }: Run, before: Snapshot, installed: Snapshot): Truth {
  const entries = new Map<string, Owner>()
  const applied = new Set<string>()
  const written = plan.features.flatMap(({ early = [] }) => early)
  const accounts = written.filter(({ object }) => object.kind === 'ServiceAccount')
  const keyOf = ({ metadata }: ZooObject): string => `${metadata.namespace}/${metadata.name}`
  for (const { object, applied: isApplied } of accounts) if (isApplied) applied.add(keyOf(object))
  for (const [path, object] of installed) {
    if (object.kind !== 'ServiceAccount' || !hasEntry(object)) continue
    const key = keyOf(object)
    const own = accounts.filter((one) => keyOf(one.object) === key && hasEntry(one.object))
    if (!hasEntry(before.get(path))) entries.set(key, 'release')
    else if (own.length > 0) entries.set(key, applied.has(key) ? 'gitops' : isShared(object) ? 'unclear' : 'user')
    else entries.set(key, 'second')
  }
  // ServiceAccounts whose entry the release's helper wrongly removed.
  for (const [path, object] of before) {
    if (object.kind !== 'ServiceAccount' || !hasEntry(object) || hasEntry(installed.get(path))) continue
    const isWritten = accounts.some((one) => keyOf(one.object) === keyOf(object) && hasEntry(one.object))
    entries.set(keyOf(object), isWritten ? 'user' : 'second')
  }
  for (const { rewritten = [] } of plan.features) for (const key of rewritten) entries.set(key, 'unclear')
  const demo = plan.repositories ?? ['*']
  const own = new Map([
    [DEMO, demo],
    [DEMO_PUBLIC, demo],
    [PERSONAL, ['*']],
    [PERSONAL_VPC, ['*']],
  ])
  const all = new Map([...own.keys()].map((host) => [host, ['*']] as const))
  return {
    release: { namespace: plan.home, name: release.name, secretName: SECRET, repositories: own },
    second: second && {
      namespace: SECOND_HOME,
      name: second.name,
      secretName: plan.second?.secretName ?? '',
      repositories: all,
    },
    entries,
    privateHosts: PRIVATE_HOSTS,
    vendor: vendorPaths(installed),
    vendorSecrets: OLD_SECRETS,
    vendorHelper: `/apis/apps/v1/namespaces/kube-system/deployments/${OLD_HELPER}`,
    hidden: plan.features.flatMap(({ hidden = [] }) => hidden),
    copies: new Set(plan.features.flatMap(({ copied = [] }) => copied)),
    installed: new Set(release.objects.map(({ path }) => path)),
    applied,
    admits: new Set(admits(zoo, plan) ? servedBy(plan) : []),
  }
}

/** A second release added an entry with another name to the list. */
const isShared = (object: ZooObject): boolean =>
  listAt(object, ['imagePullSecrets']).some(({ name }) => name === 'acr-second')

const hasEntry = (object: ZooObject | undefined): boolean =>
  listAt(object, ['imagePullSecrets']).some(({ name }) => name === SECRET)

/**
 * Returns the paths of objects with the vendor's names. Of shared objects, only the vendor's part
 * counts.
 */
function vendorPaths(snapshot: Snapshot): ReadonlySet<string> {
  const system = 'namespaces/kube-system'
  const whole = [
    `/apis/apps/v1/${system}/deployments/${OLD_HELPER}`,
    `/api/v1/${system}/serviceaccounts/${OLD_HELPER}`,
    `/api/v1/${system}/configmaps/acr-configuration`,
    `/apis/rbac.authorization.k8s.io/v1/clusterroles/${OLD_HELPER}`,
  ]
  const found = [...snapshot].filter(([, object]) => {
    const { kind, metadata } = object
    if (kind === 'Secret') return OLD_SECRETS.includes(metadata.name)
    if (kind === 'ClusterRoleBinding') {
      const subjects = listAt(object, ['subjects'])
      return (
        subjects.length > 0 &&
        subjects.every(({ name, namespace }) => name === OLD_HELPER && namespace === 'kube-system')
      )
    }
    if (kind !== 'MutatingWebhookConfiguration') return false
    const hooks = listAt(object, ['webhooks']) as readonly { clientConfig?: { service?: { name: string } } }[]
    return (
      hooks.length > 0 &&
      hooks.every(({ clientConfig }) => clientConfig?.service?.name === 'acr-credential-helper-webhook')
    )
  })
  return new Set([...whole, ...found.map(([path]) => path)])
}

function check(
  { violations, lines }: Run,
  operation: Operation,
  before: Snapshot,
  after: Snapshot,
  truth: Truth,
): void {
  const found = findViolations(operation, before, after, truth, Date.now())
  lines.push(...found.map(({ rule, detail }) => `✖ ${rule}: ${detail}`))
  violations.push(...found)
}

// --- Changes that a zoo makes to objects afterwards ---

const accountPath = (key: string): string => {
  const [namespace, name] = key.split('/')
  return `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`
}

/** Removes managed fields, as a restored backup does. */
async function forgetWriters(zoo: ZooCluster, key: string): Promise<void> {
  const body = { metadata: { managedFields: [{}] } }
  await zoo.call({ method: 'PATCH', path: accountPath(key), body, contentType: MERGE_PATCH })
}

async function applyLabel(zoo: ZooCluster, key: string): Promise<void> {
  const [namespace = '', name = ''] = key.split('/')
  const { metadata, ...rest } = account(namespace, name)
  const object = { ...rest, metadata: { ...metadata, labels: { team: 'shop' } } }
  await zoo.write({ object, manager: 'argocd-controller', applied: true })
}

async function writeListAgain(zoo: ZooCluster, key: string): Promise<void> {
  const there = await zoo.read(accountPath(key))
  const imagePullSecrets = [...listAt(there, ['imagePullSecrets']), { name: 'regcred' }]
  const query = { fieldManager: 'kubectl-edit' }
  await zoo.call({
    method: 'PATCH',
    path: accountPath(key),
    body: { imagePullSecrets },
    contentType: MERGE_PATCH,
    query,
  })
}

async function expire(zoo: ZooCluster, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/secrets/${SECRET}`
  const ended = new Date(Date.now() - 10 * 60_000).toISOString().replace(/\.\d+Z$/, 'Z')
  const body = { metadata: { annotations: { 'acr-nopass.io/expires-at': ended } } }
  const query = { fieldManager: 'acr-nopass-content' }
  await zoo.call({ method: 'PATCH', path, body, contentType: MERGE_PATCH, query })
}

// --- doctor ---

function expectedFindings({ aheadMs, features }: ZooPlan): readonly string[] {
  return [
    ...(features.some(({ title }) => title === VENDOR_HELPER) ? ['RIVAL_ADDON'] : []),
    ...(aheadMs === 0 ? [] : ['CLOCK_SKEW']),
    ...(features.some(({ expired = [] }) => expired.length > 0) ? ['SECRET_EXPIRED'] : []),
    ...features.flatMap(({ waiting }) => waiting?.finding ?? []),
  ]
}

interface Report {
  readonly healthy: boolean | null
  readonly findings: readonly Entry[]
  readonly unread: readonly unknown[]
}

async function doctor({ zoo, plan }: Run, words: readonly string[], kubeconfig = zoo.adminKubeconfig): Promise<Report> {
  const where = ['--namespace', plan.home, '--release', 'acr-nopass', '--cloud', 'off']
  const argv = ['doctor', ...words, ...where, '--kubeconfig', kubeconfig, '-o', 'json']
  const { stdout, stderr } = await runCommand(zoo, argv, plan.aheadMs)
  if (stdout === '') throw new Error(`doctor: ${stderr}`)
  const report: Report = JSON.parse(stdout)
  return { ...report, findings: report.findings.filter(({ severity }) => severity !== 'info') }
}

/** Checks that `doctor pod` names the single reason of every waiting Pod. */
async function diagnosePods(run: Run): Promise<void> {
  for (const { waiting } of run.plan.features) {
    if (waiting === undefined) continue
    const pod = `${waiting.namespace}/${waiting.name}`
    const { findings } = await doctor(run, ['pod', pod])
    const ids = findings.filter(({ subject }) => subject === `Pod ${pod}`).map(({ id }) => id)
    run.lines.push(`doctor pod ${pod}: ${ids.join(', ')}`)
    if (ids.join() === waiting.finding) continue
    const detail = `doctor pod names ${ids.join(', ') || 'nothing'}, but it is ${waiting.finding}: ${waiting.message}`
    run.violations.push({ rule: 'doctor', detail })
  }
}

/**
 * Checks that doctor with few permissions reports no false finding, and does not report that all is
 * well.
 */
async function diagnoseWithFewRights(run: Run, expected: readonly string[]): Promise<void> {
  const [denied] = run.plan.denied
  if (denied === undefined) return
  const { findings, healthy, unread } = await doctor(run, [], run.zoo.kubeconfigWithout(denied))
  const wrong = findings.filter(({ id }) => ![...expected, ...WITHOUT_RIGHTS].includes(id))
  run.lines.push(
    `doctor without ${denied}: ${findings.map(({ id }) => id).join(', ') || 'nothing'}, healthy: ${healthy}`,
  )
  for (const { id, subject, cause } of wrong.filter((one) => !isRivalAgain(one) && !saysNotKnown(one))) {
    const detail = `doctor without ${denied} names ${id} of ${subject}, which is not so: ${cause}`
    run.violations.push({ rule: 'doctor', detail })
  }
  if (unread.length > 0 && healthy === true) {
    run.violations.push({ rule: 'doctor', detail: `doctor without ${denied} calls healthy what it could not read` })
  }
}

/** Findings about doctor's own permissions. */
const WITHOUT_RIGHTS = ['RELEASE_UNREADABLE']

/** True for a Pod that cannot pull, with a finding that the reason is not known. */
const saysNotKnown = ({ id, cause = '' }: Entry): boolean =>
  id === 'POD_STUCK' && cause.includes('doctor cannot find out why')

/** True if the helper's report of the vendor's add-on repeats the finding. */
const isRivalAgain = ({ id, cause = '' }: Entry): boolean => id === 'HELPER_PROBLEM' && cause.includes('RIVAL_ADDON')

/**
 * Checks that exactly the expected findings are reported, and that nothing is changed. Also returns
 * the objects.
 */
async function diagnose(
  run: Run,
  truth: Truth,
  expected: readonly string[],
  /** True if no helper renews the Lease. */
  isSilent = false,
): Promise<{ readonly found: readonly Entry[]; readonly there: Snapshot }> {
  if (!isSilent) await run.zoo.renewLease(run.release)
  const before = await run.zoo.snapshot()
  const { findings: found } = await doctor(run, [])
  const there = await run.zoo.snapshot()
  check(run, 'doctor', before, there, truth)
  const ids = [...new Set(found.filter((one) => !isRivalAgain(one)).map(({ id }) => id))].sort()
  const wanted = [...new Set(expected)].sort()
  run.lines.push(`doctor: ${ids.join(', ') || 'healthy'}`)
  if (ids.join() !== wanted.join()) {
    const detail = `doctor names ${ids.join(', ') || 'nothing'}, but there is ${wanted.join(', ') || 'nothing'}: ${JSON.stringify(found)}`
    run.violations.push({ rule: 'doctor', detail })
  }
  return { found, there }
}

/**
 * Returns what doctor can still report of a finding. Without a configuration, doctor knows only a
 * Pod's node message, and nothing of Secrets. Without a report, it does not know which images the
 * release covers.
 */
function reportedDespite(defect: Defect, id: string): readonly string[] {
  const isDenied = /^POD_(TOO_OLD|HAS_OWN_PULL_SECRETS)$/.test(id)
  if (defect === 'bad-config' && id.startsWith('SECRET_')) return []
  if (defect === 'bad-config' && isDenied) return ['POD_DENIED']
  return defect === 'no-report' && isDenied ? ['POD_UNKNOWN'] : [id]
}

/**
 * Breaks the release in one way. Doctor must name only that defect, and its command must repair the
 * defect and change nothing else.
 */
async function breakAndRepair(run: Run, truth: Truth, healthy: Snapshot): Promise<void> {
  const { zoo, plan, release, second, lines } = run
  const { defect } = plan
  if (defect === undefined) return
  const attached = [...truth.entries].flatMap(([key, owner]) => (owner === 'release' ? [key] : []))
  const spot = await breakRelease(zoo, release, defect, { attached, served: servedBy(plan) })
  if (spot === undefined) return
  lines.push(`broken: ${defect} (${spot})`)
  const usual = expectedFindings(plan)
  const ids: readonly string[] = DEFECT_FINDINGS[defect]
  const shown = usual.flatMap((id) => reportedDespite(defect, id))
  const isSilent = defect === 'no-lease' || defect === 'stale-lease'
  const { found } = await diagnose(run, truth, [...shown, ...ids], isSilent)
  const releases = new Map(
    [release, ...(second === undefined ? [] : [second])].map((one) => [`${one.namespace}/${one.name}`, one]),
  )
  const shell = { zoo, releases, aheadMs: plan.aheadMs }
  for (const { id, command = '' } of found.filter((one) => ids.includes(one.id))) {
    lines.push(`${id} prints: ${command}`)
    await runPrinted(shell, command)
  }
  // Some defects have no command of doctor that repairs them, so the test repairs them here.
  if (defect === 'foreign-secret') await zoo.remove(spot)
  await zoo.settleDeployment(release)
  await zoo.runHelper(release)
  if (defect === 'no-policy') await zoo.untilAdmitted(release)
  // Credentials that expired earlier are a finding with a command of its own.
  const { findings: left } = usual.includes('SECRET_EXPIRED') ? await doctor(run, []) : { findings: [] }
  for (const { command = '' } of left.filter(({ id }) => id === 'SECRET_EXPIRED')) await runPrinted(shell, command)
  const { there } = await diagnose(
    run,
    truth,
    usual.filter((id) => id !== 'SECRET_EXPIRED'),
  )
  check(run, 'install', healthy, there, truth)
}

// --- Operations ---

async function operate(run: Run, truth: Truth): Promise<void> {
  const { zoo, plan } = run
  const { operation, helper, denied } = plan
  if (operation === 'detach' || operation === 'uninstall')
    await stopHelper(run, operation === 'uninstall' ? 'deleted' : helper)
  // A user with few permissions must not do harm either. A user with all permissions then completes
  // the operation.
  const [denial] = operation === 'retire' ? [] : denied
  if (denial !== undefined) await operateAs(run, truth, zoo.kubeconfigWithout(denial))
  const { before, after, result } = await operateAs(run, truth, zoo.adminKubeconfig)
  const isHalted = operation === 'detach' && helper === 'running'
  if (isHalted) run.violations.push(...unchanged(before, after, 'a helper is at work'))
  else run.violations.push(...unfinished(run, after, truth, result))
  if (operation === 'legacy') run.oldHelper = after.has(truth.vendorHelper) ? 'kept' : 'stopped'
}

async function operateAs(
  run: Run,
  truth: Truth,
  kubeconfig: string,
): Promise<{ readonly before: Snapshot; readonly after: Snapshot; readonly result: CommandResult | undefined }> {
  const { zoo, plan, lines } = run
  const before = await zoo.snapshot()
  const result = await perform(run, kubeconfig)
  const after = await zoo.snapshot()
  if (result !== undefined)
    lines.push(`${plan.operation}: exit ${result.code}`, result.stdout.trim(), result.stderr.trim())
  check(run, plan.operation, before, after, truth)
  return { before, after, result }
}

function unchanged(before: Snapshot, after: Snapshot, why: string): readonly Violation[] {
  return [...before]
    .filter(([path, object]) => essence(object) !== essence(after.get(path) ?? { ...object, kind: '' }))
    .map(([path]) => ({ rule: 'object', detail: `${path} was changed, though ${why}` }))
}

/** Returns work that was skipped without a message. */
function unfinished(
  { plan }: Run,
  after: Snapshot,
  truth: Truth,
  result: CommandResult | undefined,
): readonly Violation[] {
  const { operation } = plan
  const output = `${result?.stdout ?? ''}${result?.stderr ?? ''}`
  if (operation === 'detach' || operation === 'retire' || operation === 'uninstall') {
    return [...truth.entries].flatMap(([key, owner]) => {
      const isThere = hasEntry(after.get(accountPath(key)))
      if (owner !== 'release' || !isThere || output.includes(key)) return []
      return [{ rule: 'complete' as const, detail: `${operation} left the release's own entry in ${key}` }]
    })
  }
  return []
}

async function stopHelper({ zoo, release }: Run, how: ZooPlan['helper']): Promise<void> {
  if (how === 'running') return
  if (how === 'deleted') {
    for (const { path } of release.objects.toReversed()) await zoo.remove(path)
    return
  }
  const path = `/apis/apps/v1/namespaces/${release.namespace}/deployments/${release.fullname}`
  await zoo.call({ method: 'PATCH', path, body: { spec: { replicas: 0 } }, contentType: MERGE_PATCH })
  await zoo.settleDeployment(release)
}

async function perform(run: Run, kubeconfig: string): Promise<CommandResult | undefined> {
  const { zoo, plan } = run
  const { operation, home, aheadMs } = plan
  const where = ['--namespace', home, '--release', 'acr-nopass', '--kubeconfig', kubeconfig]
  switch (operation) {
    case 'legacy': {
      // The values list fewer repositories than an old login can pull, and the user confirms that.
      const abandoned = plan.repositories === undefined ? [] : ['--abandon', DEMO]
      return await runCommand(
        zoo,
        ['cleanup', '--legacy', '--confirm', 'aliyun-acr-credential-helper/1', ...abandoned, ...where],
        aheadMs,
      )
    }
    case 'detach':
      return await runCommand(zoo, ['cleanup', '--detach', '--confirm', 'acr-nopass/1', ...where], aheadMs)
    case 'import':
      return await runCommand(zoo, ['import', '--kubeconfig', kubeconfig], aheadMs)
    case 'uninstall':
      return await uninstall(run, where)
    default:
      await retire(run)
      return undefined
  }
}

async function uninstall({ zoo, plan }: Run, where: readonly string[]): Promise<CommandResult> {
  const file = join(zoo.folder, 'values.json')
  await writeFile(file, JSON.stringify({ identity: { type: 'worker-role' }, ...valuesOf(zoo, plan) }))
  const flags = ['-f', file, '--ram', 'none', '--confirm', 'acr-nopass/1']
  return await runCommand(zoo, ['uninstall', ...where, ...flags], plan.aheadMs)
}

async function retire({ zoo, plan, release }: Run): Promise<void> {
  const retiring = await zoo.render(
    { namespace: plan.home, name: release.name },
    { ...valuesOf(zoo, plan), retire: true },
  )
  await zoo.install(retiring)
  await zoo.settleDeployment(retiring)
  await zoo.runHelper(retiring, { until: ({ retired }) => retired })
}
