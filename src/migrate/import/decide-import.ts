import { matchesGlobs } from '../../values/glob.ts'
import type { LegacyFacts } from '../remove/collect-facts.ts'
import { LEGACY_SECRETS } from '../remove/legacy-facts.ts'
import { titleOf } from '../remove/workload.ts'
import { chooseIdentity, type ServiceAccountName } from './choose-identity.ts'
import { ImportLog, KINDS } from './import-log.ts'
import type { AddonSettings } from './read-settings.ts'
import { createIsServed, type IsServed } from './served-images.ts'
import { findWanted, splitDomains, type WantedRegistry } from './wanted-registry.ts'

interface ImportRequest {
  readonly settings: AddonSettings | undefined
  readonly facts: LegacyFacts
  /** The region from the user. Without it, the region from the cluster is used. */
  readonly region: string | undefined
  readonly release: ServiceAccountName
  /** Whether anyone may pull an image, as its registry responded without a login. */
  readonly isPublic: ReadonlyMap<string, boolean>
}

/** The values before they are rendered. Each part has the comments that appear above it. */
export type ValuesDraft = NonNullable<ReturnType<typeof decideImport>['draft']>

/**
 * Converts the old helper's settings and traces to our values. If there are errors, returns all of
 * them and no draft.
 */
export function decideImport({ settings, facts, release, ...request }: ImportRequest) {
  const region = request.region ?? facts.region
  const log = new ImportLog()
  if (region === undefined) log.note('todo', NO_REGION)
  const isServed = createIsServed(facts, request.isPublic)
  const registries = chooseRegistries(findWanted(settings, facts, { region, isServed }, log), log)
  const identity = chooseIdentity(settings, facts, release, log)
  const targets = chooseTargets(settings, facts, isServed, log)
  if (settings !== undefined) noteSettings(settings, log)
  noteFacts(facts, log)
  const { errors } = log
  const notes = log.notes.toSorted((left, right) => KINDS.indexOf(left.kind) - KINDS.indexOf(right.kind))
  if (errors.length > 0 || identity === undefined) return { draft: undefined, notes, errors }
  const source = settings?.source ?? 'what the helper of 2018 left in the cluster'
  const attach = facts.minor !== undefined && facts.minor >= 36 ? 'both' : 'serviceAccounts'
  const guard = facts.minor === undefined || facts.minor >= 30
  return { draft: { source, registries, identity, region, targets, attach, guard }, notes, errors }
}

const NO_REGION =
  "The cluster's own region is not known, so the APIs would be called over the public network: pass --region to call them inside the VPC."

const NO_WEBHOOK =
  'The webhook for new ServiceAccounts is not needed: the helper watches them, and from Kubernetes 1.36 the API server itself adds the reference.'

function noteSettings({ dropped, unknown, webhook }: AddonSettings, log: ImportLog): void {
  for (const key of unknown) log.note('lost', `\`${key}\`: it is not in the documentation of the add-on.`)
  for (const key of dropped) log.note('dropped', `\`${key}\`: not needed.`)
  if (webhook) log.note('changed', NO_WEBHOOK)
}

function noteFacts({ workloads, sharedBindings }: LegacyFacts, log: ImportLog): void {
  // A Pod contains the names that its ServiceAccount had when the Pod was created. Only an object
  // that creates Pods names a Secret on purpose.
  const naming = workloads.filter(
    ({ kind, references }) => kind !== 'Pod' && references.some((name) => LEGACY_SECRETS.includes(name)),
  )
  for (const workload of naming) {
    const when = 'as soon as acr-nopass is installed, replace it there with acr-nopass'
    log.note('todo', `${titleOf(workload)} names an old Secret itself: ${when}.`)
  }
  for (const name of sharedBindings) {
    const what = "also has the old helper's ServiceAccount as a subject: remove that subject by hand"
    log.note('todo', `ClusterRoleBinding ${name} ${what}.`)
  }
}

/** Converts the registries to values: one entry per instance, each with a unique name. */
function chooseRegistries(wanted: readonly WantedRegistry[], log: ImportLog) {
  const groups = Map.groupBy(wanted, ({ instanceId, instanceName, region }) => {
    return instanceId ?? instanceName ?? `personal ${region}`
  })
  const names = new Set<string>()
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const different = group.find((one) => one.assumeRole !== first.assumeRole || one.region !== first.region)
    if (different !== undefined) {
      const message = `\`${first.place}\` and \`${different.place}\` are one registry with two roles or regions`
      log.fail('IMPORT_SETTING', message, 'Keep the entry that works, and remove the other entry.')
      return []
    }
    return [describeRegistry(first, group, names)]
  })
}

function describeRegistry(wanted: WantedRegistry, group: readonly WantedRegistry[], names: Set<string>) {
  const { instanceId, instanceName, region, place } = wanted
  const given = group.flatMap(({ domains }) => domains)
  // An entry without domains covers all domains of the instance.
  const all = group.some(({ domains }) => domains.length === 0)
  const isPersonal = instanceId === undefined && instanceName === undefined
  const { network, domains, name } = splitDomains(given, { personal: isPersonal, region })
  const only = all ? 'all' : network
  const desired = isPersonal ? `personal-${region}` : (name ?? instanceName ?? instanceId ?? '')
  const values = {
    name: uniqueName(desired, names),
    edition: isPersonal ? 'personal' : 'enterprise',
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(instanceName === undefined ? {} : { instanceName }),
    region,
    ...(only === 'all' ? {} : { network: only }),
    ...(domains.length === 0 ? {} : { domains: [...new Set(domains)] }),
    ...(wanted.assumeRole === undefined ? {} : { assumeRole: [renderAssumeRole(wanted.assumeRole, wanted.duration)] }),
  }
  const comments = [
    `From ${place}.`,
    ...(only === 'all' && given.length > 0 && !all
      ? ['All of its own domains get the credential; the old list named only some.']
      : []),
    ...(only === 'all' ? [] : [`The old list named only its ${only} domain.`]),
    ...(instanceName === undefined ? [] : ['Its id is not known here: looking it up needs the right cr:ListInstance.']),
  ]
  return { values, comments }
}

function renderAssumeRole(roleArn: string, duration: number | undefined) {
  return duration === undefined || duration === 3600 ? { roleArn } : { roleArn, durationSeconds: duration }
}

function uniqueName(desired: string, taken: Set<string>): string {
  const base = desired.slice(0, 60).replace(/-+$/, '')
  let name = base
  for (let count = 2; taken.has(name); count++) name = `${base}-${count}`
  taken.add(name)
  return name
}

const SYSTEM = 'kube-*'

/**
 * Chooses all namespaces and ServiceAccounts that the old helper served, and those that use its
 * Secrets.
 */
function chooseTargets(settings: AddonSettings | undefined, facts: LegacyFacts, isServed: IsServed, log: ImportLog) {
  const configured = settings === undefined ? ['default'] : settings.namespaces
  const used = namespacesInUse(facts, isServed)
  const isSystem = (name: string): boolean => matchesGlobs([SYSTEM], name)
  const extra = configured === undefined ? [] : used.filter((name) => !configured.includes(name))
  const include = configured === undefined ? ['*'] : [...configured, ...extra].sort()
  const needsSystem = [...(configured ?? []), ...used].some(isSystem)
  const accounts = settings === undefined ? ['default'] : settings.serviceAccounts
  const named = [...new Set(facts.accounts.map(({ metadata }) => metadata.name))]
  const extraAccounts = accounts === undefined ? [] : named.filter((name) => !accounts.includes(name)).sort()
  const comments = [
    ...(extra.length > 0
      ? [`In addition to what was configured, the old Secrets are used in ${extra.join(', ')}.`]
      : []),
    ...(extraAccounts.length > 0 ? [`The ServiceAccounts ${extraAccounts.join(', ')} name them too.`] : []),
  ]
  if (configured === undefined && !needsSystem) {
    log.note('changed', 'The namespaces kube-* are left out: no private image was found there.')
  }
  const serviceAccounts = accounts === undefined ? ['*'] : [...accounts, ...extraAccounts]
  // Without `exclude`, the chart's default applies.
  return { include, exclude: needsSystem ? [] : undefined, serviceAccounts, comments }
}

/**
 * Returns the namespaces in use. A system namespace counts only if its Pods pull a private image,
 * because the old helper writes into all system namespaces.
 */
function namespacesInUse(facts: LegacyFacts, isServed: IsServed): readonly string[] {
  const naming = facts.accounts.filter(({ metadata, imagePullSecrets }) => {
    return givesSomething(
      facts,
      metadata.namespace,
      imagePullSecrets.map(({ name = '' }) => name),
    )
  })
  const written = [...naming, ...facts.secrets].map(({ metadata }) => metadata.namespace ?? 'default')
  const pulling = facts.workloads
    .filter(({ namespace, references }) => givesSomething(facts, namespace, references))
    .filter(({ images }) => images.some((image) => isServed(image) !== false))
  const names = [
    ...written.filter((name) => !matchesGlobs([SYSTEM], name)),
    ...pulling.map(({ namespace }) => namespace),
  ]
  return [...new Set(names)].sort()
}

/**
 * True if one of the names is an old Secret that exists, because a reference to a deleted Secret
 * gives nothing. If no Secret is known at all (input from files), every name counts.
 */
function givesSomething({ secrets }: LegacyFacts, namespace: string | undefined, names: readonly string[]): boolean {
  const old = names.filter((name) => LEGACY_SECRETS.includes(name))
  if (secrets.length === 0) return old.length > 0
  return secrets.some(({ metadata }) => metadata.namespace === namespace && old.includes(metadata.name))
}
