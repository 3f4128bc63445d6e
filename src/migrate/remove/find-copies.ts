import { LABEL_MANAGED_BY, MANAGED_BY } from '../../kube/names.ts'
import { keyOf, type ObjectMeta } from '../../kube/types.ts'
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
  for (const { what, value } of notesOf(secret.metadata)) {
    const name = LEGACY_SECRETS.find((one) => value.includes(one))
    if (name !== undefined) return `its ${what} names the Secret ${name}`
  }
  if (marks === undefined) return 'the content of the Secret could not be read'
  if (marks.temporary.every((mark) => known.ours.has(mark))) return undefined
  return 'it holds a temporary login of ACR that acr-nopass did not write'
}

/** A label or an annotation. */
interface Note {
  /** `label example.com/key`. */
  readonly what: string
  readonly value: string
}

/**
 * Returns the labels and annotations of an object, without the copy of the whole object that
 * `kubectl apply` writes.
 */
export function notesOf({ labels = {}, annotations = {} }: ObjectMeta): readonly Note[] {
  const { 'kubectl.kubernetes.io/last-applied-configuration': _, ...rest } = annotations
  const all = [...Object.entries(labels).map((one) => ['label', ...one] as const)]
  return [...all, ...Object.entries(rest).map((one) => ['annotation', ...one] as const)].map(([kind, key, value]) => {
    return { what: `${kind} ${key}`, value }
  })
}

/**
 * Words in the keys of programs that copy Secrets: Reflector (`reflection-auto-enabled`),
 * kubernetes-replicator (`replicate-to`), Kyverno (`clone-source`), Config Syncer
 * (`kubed.appscode.com/sync`).
 */
const REPLICATOR = /reflect|replicat|clone|mirror|copy|copies|appscode\.com/i

/** Returns the label or annotation with which a program copies the Secret, or copied it. */
export function findReplicator(metadata: ObjectMeta): string | undefined {
  return notesOf(metadata).find(({ what }) => REPLICATOR.test(what))?.what
}

function marksOf({ marks }: AnyObject): LoginMarks | undefined {
  return marks as LoginMarks | undefined
}
