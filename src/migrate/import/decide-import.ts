import type { NopassError } from '../../errors.ts'
import { LEGACY_SECRETS, type LegacyFacts } from '../remove/legacy-facts.ts'
import { titleOf } from '../remove/workload.ts'
import { chooseIdentity, type ServiceAccountName } from './choose-identity.ts'
import { chooseRegistries } from './choose-registries.ts'
import { chooseTargets } from './choose-targets.ts'
import type { AddonSettings } from './read-entry.ts'
import type { ImportNote, ValuesDraft } from './values-draft.ts'
import { findWanted } from './wanted-registry.ts'

export interface ImportRequest {
  readonly settings: AddonSettings | undefined
  readonly facts: LegacyFacts
  /** From the user, else from the cluster. */
  readonly region: string | undefined
  readonly release: ServiceAccountName
}

export interface ImportDecision {
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
