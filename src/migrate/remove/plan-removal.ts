import { DECLARING_MANAGERS } from '../../kube/declared-by.ts'
import { listOwner } from '../../kube/managed-fields.ts'
import { FIELD_MANAGER } from '../../kube/names.ts'
import { keyOf, namespacedPath } from '../../kube/types.ts'
import type { LegacyAccount, LegacyFacts, LegacyPart } from './legacy-facts.ts'

/** The steps, in the order of the lists. */
export interface RemovalPlan {
  /** First, so that nothing restores what follows. */
  readonly helper: readonly LegacyPart[]
  /** Then, so that nothing new gets the old names. */
  readonly accounts: readonly LegacyAccount[]
  /** Then, if nothing depends on them, the credentials. */
  readonly secrets: readonly LegacyPart[]
  /** Last, the rights and settings. */
  readonly rest: readonly LegacyPart[]
  /** ServiceAccounts whose list another tool applies, which would restore the name or fail on our change. */
  readonly kept: readonly { readonly account: LegacyAccount; readonly manager: string }[]
  /** What stays because something else uses it too, each with the reason. */
  readonly shared: readonly string[]
}

/** Plans a safe order: after an interruption everything still has a credential. */
export function planRemoval(facts: LegacyFacts): RemovalPlan {
  const owned = facts.accounts.map((account) => ({ account, owner: listOwner(account.metadata.managedFields) }))
  const isApplied = ({ owner }: (typeof owned)[number]): boolean =>
    owner !== undefined &&
    owner.manager !== FIELD_MANAGER &&
    (owner.operation === 'Apply' || DECLARING_MANAGERS.includes(owner.manager))
  return {
    helper: [...facts.webhooks, ...facts.deployments],
    accounts: owned.filter((one) => !isApplied(one) && namesOld(one.account)).map(({ account }) => account),
    secrets: facts.secrets.map(({ metadata }) => ({
      kind: 'Secret',
      path: namespacedPath('/api/v1', metadata.namespace ?? '', 'secrets', metadata.name),
      metadata,
    })),
    rest: [...facts.rbac, ...(facts.configMap === undefined ? [] : [facts.configMap])],
    shared: facts.shared,
    kept: owned
      .filter((one) => isApplied(one) && namesOld(one.account))
      .map(({ account, owner }) => ({ account, manager: owner?.manager ?? '' })),
  }
}

function namesOld({ old }: LegacyAccount): boolean {
  return old.length > 0
}

/** The list without the old names, otherwise unchanged. */
export function withoutOldNames({ imagePullSecrets, old }: LegacyAccount): LegacyAccount['imagePullSecrets'] {
  return imagePullSecrets.filter(({ name }) => name === undefined || !old.includes(name))
}

/** `Secret shop/aliyun-acr-credential-a`. */
export function partTitle({ kind, metadata }: Pick<LegacyPart, 'kind' | 'metadata'>): string {
  return `${kind} ${keyOf(metadata)}`
}

/** One line per step; `false`: in the past tense. */
export function describePlan({ helper, accounts, secrets, rest }: RemovalPlan): readonly string[] {
  return [
    ...helper.map((part) => `delete ${partTitle(part)}`),
    ...accounts.map(({ metadata, old }) => `take ${old.join(', ')} out of ServiceAccount ${keyOf(metadata)}`),
    ...[...secrets, ...rest].map((part) => `delete ${partTitle(part)}`),
  ]
}
