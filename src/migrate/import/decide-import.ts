import { isPrivateAcr } from '../../acr/registry-domains.ts'
import { NopassError } from '../../errors.ts'
import { matchesGlobs } from '../../values/glob.ts'
import { LEGACY_SECRETS, type LegacyFacts } from '../remove/legacy-facts.ts'
import { titleOf } from '../remove/workload.ts'
import { chooseIdentity, type ServiceAccountName } from './choose-identity.ts'
import type { AddonSettings } from './read-entry.ts'
import type { DraftRegistry, DraftTargets, GivenRegistry, GivenRole, ImportNote, ValuesDraft } from './values-draft.ts'
import { findWanted, splitDomains, type WantedRegistry } from './wanted-registry.ts'

interface ImportRequest {
  readonly settings: AddonSettings | undefined
  readonly facts: LegacyFacts
  /** From the user, else from the cluster. */
  readonly region: string | undefined
  readonly release: ServiceAccountName
}

interface ImportDecision {
  /** Undefined if there is any error. */
  readonly draft: ValuesDraft | undefined
  readonly notes: readonly ImportNote[]
  readonly errors: readonly NopassError[]
}

/** The kinds of notes, what needs a person first. */
const KINDS: readonly ImportNote['kind'][] = ['lost', 'todo', 'changed', 'dropped']

/** Converts the old helper's settings and traces to our values, or reports all errors. */
export function decideImport({ settings, facts, release, ...request }: ImportRequest): ImportDecision {
  const region = request.region ?? facts.region
  const { wanted, lost, errors: regionErrors } = findWanted(settings, facts, region)
  const { registries, errors: registryErrors } = chooseRegistries(wanted)
  const { identity, notes: identityNotes, errors: identityErrors } = chooseIdentity(settings, facts, release)
  const { targets, notes: targetNotes } = chooseTargets(settings, facts)
  const errors = [...regionErrors, ...registryErrors, ...identityErrors]
  const notes = [
    ...lost.map((pattern): ImportNote => lostDomain(pattern)),
    ...(region === undefined ? [{ kind: 'todo' as const, text: NO_REGION }] : []),
    ...identityNotes,
    ...targetNotes,
    ...settingNotes(settings),
    ...factNotes(facts),
  ].sort((left, right) => KINDS.indexOf(left.kind) - KINDS.indexOf(right.kind))
  if (errors.length > 0 || identity === undefined) return { draft: undefined, notes, errors }
  const source = settings?.source ?? 'what the helper of 2018 left in the cluster'
  const attach = facts.minor !== undefined && facts.minor >= 36 ? 'both' : 'serviceAccounts'
  const guard = facts.minor === undefined || facts.minor >= 30
  return { draft: { source, registries, identity, region, targets, attach, guard }, notes, errors }
}

const NO_REGION =
  "The cluster's own region is not known, so the APIs would be called over the public network: pass --region to call them inside the VPC."

function lostDomain(pattern: string): ImportNote {
  return {
    kind: 'lost',
    text: `\`${pattern}\` of \`acr-registry\`: it does not show which instance it belongs to. Add it to \`domains\` of the registry.`,
  }
}

function settingNotes(settings: AddonSettings | undefined): readonly ImportNote[] {
  if (settings === undefined) return []
  const { dropped, unknown, webhook } = settings
  return [
    ...unknown.map(
      (key): ImportNote => ({ kind: 'lost', text: `\`${key}\`: it is not in the documentation of the add-on.` }),
    ),
    ...dropped.map((key): ImportNote => ({ kind: 'dropped', text: `\`${key}\`: not needed.` })),
    ...(webhook
      ? [
          {
            kind: 'changed' as const,
            text: 'The webhook for new ServiceAccounts is not needed: the helper watches them, and from Kubernetes 1.36 the API server itself adds the reference.',
          },
        ]
      : []),
  ]
}

function factNotes({ workloads, sharedBindings }: LegacyFacts): readonly ImportNote[] {
  // A Pod names what its ServiceAccount named when it was made; only what makes Pods says it itself.
  const naming = workloads.filter(
    ({ kind, references }) => kind !== 'Pod' && references.some((name) => LEGACY_SECRETS.includes(name)),
  )
  return [
    ...naming.map((workload): ImportNote => {
      const text = `${titleOf(workload)} names an old Secret itself: as soon as acr-nopass is installed, replace it there with acr-nopass.`
      return { kind: 'todo', text }
    }),
    ...sharedBindings.map((name): ImportNote => {
      const text = `ClusterRoleBinding ${name} also has the old helper's ServiceAccount as a subject: remove that subject by hand.`
      return { kind: 'todo', text }
    }),
  ]
}

interface ChosenRegistries {
  readonly registries: readonly DraftRegistry[]
  readonly errors: readonly NopassError[]
}

/** Converts each registry to values: one entry per instance, with its own name. */
function chooseRegistries(wanted: readonly WantedRegistry[]): ChosenRegistries {
  const errors: NopassError[] = []
  const groups = new Map<string, WantedRegistry[]>()
  for (const one of wanted) {
    const key = one.instanceId ?? one.instanceName ?? `personal ${one.region}`
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  const names = new Set<string>()
  const registries = [...groups.values()].flatMap((group): readonly DraftRegistry[] => {
    const [first] = group
    if (first === undefined) return []
    const different = group.find((one) => one.assumeRole !== first.assumeRole || one.region !== first.region)
    if (different !== undefined) {
      const message = `\`${first.place}\` and \`${different.place}\` are one registry with two roles or regions`
      errors.push(new NopassError('IMPORT_SETTING', message, { hint: 'Keep the one of the two that works.' }))
      return []
    }
    return [describe(first, mergeDomains(group), names)]
  })
  return { registries, errors }
}

/** An entry without domains applies to all of them. */
function mergeDomains(group: readonly WantedRegistry[]): { given: readonly string[]; all: boolean } {
  return { given: group.flatMap(({ domains }) => domains), all: group.some(({ domains }) => domains.length === 0) }
}

function describe(
  wanted: WantedRegistry,
  { given, all }: { readonly given: readonly string[]; readonly all: boolean },
  names: Set<string>,
): DraftRegistry {
  const { instanceId, instanceName, region, place } = wanted
  const isPersonal = instanceId === undefined && instanceName === undefined
  const { network, domains, name } = splitDomains(given, { personal: isPersonal, region })
  const only = all ? 'all' : network
  const desired = isPersonal ? `personal-${region}` : (name ?? instanceName ?? instanceId ?? '')
  const values: GivenRegistry = {
    name: uniqueName(desired, names),
    edition: isPersonal ? 'personal' : 'enterprise',
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(instanceName === undefined ? {} : { instanceName }),
    region,
    ...(only === 'all' ? {} : { network: only }),
    ...(domains.length === 0 ? {} : { domains: [...new Set(domains)] }),
    ...(wanted.assumeRole === undefined ? {} : { assumeRole: [assumeRole(wanted.assumeRole, wanted.duration)] }),
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

function assumeRole(roleArn: string, duration: number | undefined): GivenRole {
  return duration === undefined || duration === 3600 ? { roleArn } : { roleArn, durationSeconds: duration }
}

function uniqueName(desired: string, taken: Set<string>): string {
  const base = desired.slice(0, 60).replace(/-+$/, '')
  let name = base
  for (let count = 2; taken.has(name); count++) name = `${base}-${count}`
  taken.add(name)
  return name
}

interface ChosenTargets {
  readonly targets: DraftTargets
  readonly notes: readonly ImportNote[]
}

const SYSTEM = 'kube-*'

/** All namespaces and ServiceAccounts that the old helper served, and those that use its Secrets. */
function chooseTargets(settings: AddonSettings | undefined, facts: LegacyFacts): ChosenTargets {
  const configured = settings === undefined ? ['default'] : settings.namespaces
  const used = namespacesInUse(facts)
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
  const notes: ImportNote[] =
    configured === undefined && !needsSystem
      ? [{ kind: 'changed', text: 'The namespaces kube-* are left out: no private image was found there.' }]
      : []
  return {
    targets: {
      include,
      exclude: needsSystem ? [] : undefined,
      serviceAccounts: accounts === undefined ? ['*'] : [...accounts, ...extraAccounts],
      comments,
    },
    notes,
  }
}

/** Of system namespaces only those whose Pods pull something private: the old helper writes into all of them. */
function namespacesInUse(facts: LegacyFacts): readonly string[] {
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
    .filter(({ images }) => images.some(isPrivateAcr))
  const names = [
    ...written.filter((name) => !matchesGlobs([SYSTEM], name)),
    ...pulling.map(({ namespace }) => namespace),
  ]
  return [...new Set(names)].sort()
}

/** The name of a deleted Secret does not count; if no Secret is known at all (files), every name counts. */
function givesSomething({ secrets }: LegacyFacts, namespace: string | undefined, names: readonly string[]): boolean {
  const old = names.filter((name) => LEGACY_SECRETS.includes(name))
  if (secrets.length === 0) return old.length > 0
  return secrets.some(({ metadata }) => metadata.namespace === namespace && old.includes(metadata.name))
}
