import { DECLARING_MANAGERS } from '../../kube/declared-by.ts'
import { listOwner } from '../../kube/managed-fields.ts'
import { FIELD_MANAGER } from '../../kube/names.ts'
import { keyOf, namespacedPath } from '../../kube/types.ts'
import type { LegacyAccount, LegacyFacts, LegacyPart } from './legacy-facts.ts'

/** What is to be done, in the order of its lists. */
export interface RemovalPlan {
  /** First: nobody may put back what follows. */
  readonly helper: readonly LegacyPart[]
  /** Then: nothing new may be made with the old names. */
  readonly accounts: readonly LegacyAccount[]
  /** Then, when nothing depends on them: the credentials. */
  readonly secrets: readonly LegacyPart[]
  /** Last: rights and settings of what is gone. */
  readonly rest: readonly LegacyPart[]
  /** ServiceAccounts whose list another tool applies: it would put the name back, or fail on our change. */
  readonly kept: readonly { readonly account: LegacyAccount; readonly manager: string }[]
  /** What stays because something else uses it too, each with the reason. */
  readonly shared: readonly string[]
}

/** The safe order: an interruption anywhere leaves nothing without a credential. */
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

/** The list without the old names: everything else stays as it is and where it is. */
export function withoutOldNames({ imagePullSecrets, old }: LegacyAccount): LegacyAccount['imagePullSecrets'] {
  return imagePullSecrets.filter(({ name }) => name === undefined || !old.includes(name))
}

/** `Secret shop/aliyun-acr-credential-a`. */
export function partTitle({ kind, metadata }: Pick<LegacyPart, 'kind' | 'metadata'>): string {
  return `${kind} ${keyOf(metadata)}`
}

/** One line for each thing to do; `false`: as done. */
export function describePlan({ helper, accounts, secrets, rest }: RemovalPlan): readonly string[] {
  return [
    ...helper.map((part) => `delete ${partTitle(part)}`),
    ...accounts.map(({ metadata, old }) => `take ${old.join(', ')} out of ServiceAccount ${keyOf(metadata)}`),
    ...[...secrets, ...rest].map((part) => `delete ${partTitle(part)}`),
  ]
}
