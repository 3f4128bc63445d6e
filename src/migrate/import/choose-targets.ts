import { isPrivateAcr } from '../../acr/registry-domains.ts'
import { matchesGlobs } from '../../values/glob.ts'
import { LEGACY_SECRETS, type LegacyFacts } from '../remove/legacy-facts.ts'
import type { AddonSettings } from './read-entry.ts'
import type { DraftTargets, ImportNote } from './values-draft.ts'

export interface ChosenTargets {
  readonly targets: DraftTargets
  readonly notes: readonly ImportNote[]
}

const SYSTEM = 'kube-*'

/** All namespaces and ServiceAccounts that the old helper served, and those that use its Secrets. */
export function chooseTargets(settings: AddonSettings | undefined, facts: LegacyFacts): ChosenTargets {
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
