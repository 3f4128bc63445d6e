import { LABEL_MANAGED_BY, MANAGED_BY } from '../../kube/names.ts'
import { keyOf } from '../../kube/types.ts'
import { ADDON_KEY_SECRET, type AnyObject, LEGACY_SECRETS } from './legacy-facts.ts'
import type { LoginMarks } from './old-logins.ts'

/** A Secret that may get its logins from the old helper, through another program. */
export interface Copy {
  /** `namespace/name`. */
  readonly secret: string
  readonly why: string
}

/** Types of Secrets with which a kubelet can pull. */
export const PULL_TYPES: readonly string[] = ['kubernetes.io/dockerconfigjson', 'kubernetes.io/dockercfg']

/**
 * Finds pull secrets that another program may copy from the old helper's Secrets (replicators,
 * External Secrets, Kyverno, a script). A copy gets no new logins after the old helper is stopped,
 * and its Pods name neither the old Secret nor ours. A copy may be older than the last rotation, so
 * every temporary login of ACR with an unknown origin counts.
 * @param secrets pull secrets of all names
 * @param own the Secrets of the old helper itself
 */
export function findCopies(secrets: readonly AnyObject[], own: readonly AnyObject[]): readonly Copy[] {
  const ours = secrets.filter(({ metadata }) => metadata.labels?.[LABEL_MANAGED_BY] === MANAGED_BY)
  const allMarks = (those: readonly AnyObject[]): ReadonlySet<string> =>
    new Set(those.flatMap((secret) => marksOf(secret)?.all ?? []))
  const known = { old: allMarks(own), ours: allMarks(ours) }
  return secrets.flatMap((secret): readonly Copy[] => {
    const { metadata, type } = secret
    const isPull = type === undefined || PULL_TYPES.includes(String(type))
    if (!isPull || own.includes(secret) || metadata.name === ADDON_KEY_SECRET) return []
    const why = whyCopy(secret, known, ours.includes(secret))
    return why === undefined ? [] : [{ secret: keyOf(metadata), why }]
  })
}

function whyCopy(
  secret: AnyObject,
  known: { readonly old: ReadonlySet<string>; readonly ours: ReadonlySet<string> },
  isOurs: boolean,
): string | undefined {
  const marks = marksOf(secret)
  if (marks?.all.some((mark) => known.old.has(mark))) return 'it holds a login of an old Secret'
  if (isOurs) return undefined
  const { labels = {}, annotations = {} } = secret.metadata
  for (const [kind, texts] of [['label', labels] as const, ['annotation', withoutApplied(annotations)] as const]) {
    for (const [key, value] of Object.entries(texts)) {
      const name = LEGACY_SECRETS.find((one) => value.includes(one))
      if (name !== undefined) return `its ${kind} ${key} names the Secret ${name}`
    }
  }
  if (marks === undefined) return 'the content of the Secret could not be read'
  if (marks.temporary.every((mark) => known.ours.has(mark))) return undefined
  return 'it holds a temporary login of ACR that acr-nopass did not write'
}

/** Removes the copy of the whole object that `kubectl apply` writes. */
function withoutApplied(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { 'kubectl.kubernetes.io/last-applied-configuration': _, ...rest } = annotations
  return rest
}

function marksOf({ marks }: AnyObject): LoginMarks | undefined {
  return marks as LoginMarks | undefined
}
