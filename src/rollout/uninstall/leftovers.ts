import { listOwner } from '../../kube/managed-fields.ts'
import { CONTENT_MANAGER, FIELD_MANAGER, LABEL_INSTANCE, LABEL_MANAGED_BY, MANAGED_BY } from '../../kube/names.ts'
import { type KubeObject, keyOf } from '../../kube/types.ts'

/** What a release left in the cluster outside its own namespace. */
export interface Leftovers {
  /** ServiceAccounts with an entry that this release added. */
  readonly accounts: readonly LeftAccount[]
  /** Its pull secrets, as metadata. */
  readonly secrets: readonly KubeObject[]
  /** ServiceAccounts that reference the pull secret and are not changed. */
  readonly kept: readonly KeptAccount[]
  /** Secrets with the release's labels that another client wrote, as `namespace/name`. */
  readonly copies: readonly string[]
}

export interface LeftAccount extends KubeObject {
  readonly imagePullSecrets?: readonly { readonly name?: string }[]
}

export interface KeptAccount {
  readonly account: LeftAccount
  /** Why the entry is not this release's, such as `argocd-controller applies the list`. */
  readonly why: string
  /** Whether `all` removes the entry. */
  readonly removable: boolean
}

type Reason = Omit<KeptAccount, 'account'>

/** The release whose leftovers are removed. */
export interface LeftoverQuery {
  readonly secretName: string
  /** `<release namespace>.<release name>`. */
  readonly instance: string
  /** The only namespaces that the release works in, and that its deployer may read; undefined: all. */
  readonly namespaces?: readonly string[]
  /** Also entries that another client wrote last. */
  readonly all?: boolean
}

/**
 * Decides what belongs to this release. A Secret does by its labels, unless only other clients wrote it. An entry does where this
 * release's Secret is in the namespace and no other client wrote the list last. Where there is no Secret of that name, it does only
 * if no other release uses the name, because all releases write entries with the same field manager.
 */
export function sortLeftovers(
  accounts: readonly LeftAccount[],
  secrets: readonly KubeObject[],
  others: readonly string[] | undefined,
  { secretName, instance, all = false }: LeftoverQuery,
): Leftovers {
  const isRelease = ({ metadata }: KubeObject): boolean => metadata.labels?.[LABEL_MANAGED_BY] === MANAGED_BY
  const isLabelled = (secret: KubeObject): boolean =>
    isRelease(secret) && secret.metadata.labels?.[LABEL_INSTANCE] === instance
  const isOurs = (secret: KubeObject): boolean => isLabelled(secret) && !isCopy(secret)
  const byNamespace = new Map(secrets.map((secret) => [secret.metadata.namespace, secret]))
  const hasOthers = secrets.some((secret) => isRelease(secret) && !isLabelled(secret)) || (others ?? []).length > 0
  const stays = (why: string): Reason => ({ why, removable: false })
  const whyKept = ({ metadata }: LeftAccount): Reason | undefined => {
    const beside = byNamespace.get(metadata.namespace)
    if (beside !== undefined && !isOurs(beside))
      return stays(`the Secret ${secretName} there does not belong to this release`)
    if (beside === undefined && hasOthers) {
      return stays(`there is no Secret ${secretName}, and another release writes Secrets of that name`)
    }
    if (beside === undefined && others === undefined) {
      return stays(
        `there is no Secret ${secretName}, and whether another release writes Secrets of that name could not be read`,
      )
    }
    const owner = listOwner(metadata.managedFields)
    if (all || owner?.manager === FIELD_MANAGER) return undefined
    if (owner === undefined) {
      // An entry of a Secret that is deleted with it serves no one.
      return beside === undefined ? { why: 'it is not recorded who wrote the list', removable: true } : undefined
    }
    const why =
      owner.operation === 'Apply' ? `${owner.manager} applies the list` : `${owner.manager} wrote the list last`
    return { why, removable: true }
  }
  const naming = accounts.map((account) => ({ account, reason: whyKept(account) }))
  return {
    accounts: naming.filter(({ reason }) => reason === undefined).map(({ account }) => account),
    secrets: secrets.filter(isOurs),
    kept: naming.flatMap(({ account, reason }) => (reason === undefined ? [] : [{ account, ...reason }])),
    copies: secrets.filter((secret) => isLabelled(secret) && isCopy(secret)).map(({ metadata }) => keyOf(metadata)),
  }
}

/** Whether only other field managers wrote it: tools that copy Secrets copy their labels too. */
function isCopy({ metadata: { managedFields = [] } }: KubeObject): boolean {
  const isOwn = (manager: string | undefined): boolean => manager === FIELD_MANAGER || manager === CONTENT_MANAGER
  return managedFields.length > 0 && !managedFields.some(({ manager }) => isOwn(manager))
}

/** Why such a Secret stays. */
export const WHY_COPY: string = "it has this release's labels, but another client wrote it"
