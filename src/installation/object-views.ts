import { appliedLabels, type ListOwner, listOwner, otherContentManager, ownsContent } from '../kube/managed-fields.ts'
import {
  ANNOTATION_CONTENT_HASH,
  ANNOTATION_EXPIRES_AT,
  ANNOTATION_LOG,
  ANNOTATION_REGISTRIES,
  ANNOTATION_ROLE_ARN,
  LABEL_INSTANCE,
  LABEL_MANAGED_BY,
  MANAGED_BY,
  SKIP,
} from '../kube/names.ts'
import type { KubeObject, ObjectMeta } from '../kube/types.ts'
import type { Versioned } from '../kube/watch/store.ts'
import { createShare } from '../lib/json.ts'

/** The parts of a Namespace that the plan needs. */
export interface NamespaceView extends Versioned {
  readonly name: string
  /** Only the labels that a selector uses. */
  readonly labels: Readonly<Record<string, string>>
  readonly optedOut: boolean
  readonly terminating: boolean
}

/** The parts of a pull Secret that the plan needs; never its data. */
export interface SecretView extends Versioned {
  /** True if the Secret has the labels of this release. */
  readonly ours: boolean
  /** True if the content is unchanged since our last write. */
  readonly intact: boolean
  /** True if the Secret has all labels of the values, and none of earlier values. */
  readonly labelled: boolean
  readonly hash: string | undefined
  readonly registries: readonly string[]
  /**
   * Epoch milliseconds; null if none of its credentials expires. Undefined: not known, because
   * another client removed or changed the annotation.
   */
  readonly expiresAt: number | null | undefined
  /** Which credentials of the log it has; see src/helper/plan/log-note.ts. */
  readonly note: string | undefined
  readonly otherManager: string | undefined
}

/** The parts of a ServiceAccount that the plan needs. */
export interface ServiceAccountView extends Versioned {
  readonly namespace: string
  readonly name: string
  /**
   * Names in `imagePullSecrets`, in order; '' for an entry without a name. Of an overlong list,
   * only our entry.
   */
  readonly list: readonly string[]
  /** The number of entries of an overlong list. */
  readonly overlong?: number
  readonly owner: ListOwner | undefined
  readonly optedOut: boolean
  /** The RAM role that pulls for its Pods on nodes that pull without a Secret. */
  readonly pullRole?: string
}

export interface ServiceAccountObject extends KubeObject {
  readonly imagePullSecrets?: readonly { readonly name?: string }[]
}

export interface TransformOptions {
  /** `<release namespace>.<release name>`. */
  readonly instance: string
  readonly secretLabels: Readonly<Record<string, string>>
  readonly namespaceLabels: ReadonlySet<string>
  readonly secretName: string
}

/**
 * The API server limits neither the names nor their number, so a user of one namespace could
 * exhaust the helper's memory. Of a longer list, only our entry is kept.
 */
const LIST_LIMIT = { entries: 100, characters: 4096 }
/** Longer annotations, of up to 256 KiB, are not from us. */
const HASH_LENGTH = 64
const LIST_LENGTH = 32 * 1024

export function boundedList(
  entries: readonly { readonly name?: string }[],
  secretName: string,
): Pick<ServiceAccountView, 'list' | 'overlong'> {
  let characters = 0
  for (const { name = '' } of entries) characters += name.length
  const fits = entries.length <= LIST_LIMIT.entries && characters <= LIST_LIMIT.characters
  if (fits) return { list: entries.map(({ name = '' }) => name) }
  const ours = entries.some(({ name }) => name === secretName)
  return { list: ours ? [secretName] : [], overlong: entries.length }
}

export type Transforms = ReturnType<typeof createTransforms>

/**
 * Reduces objects to views. Equal parts are shared, because there may be 10,000 objects of each
 * kind.
 */
export function createTransforms(options: TransformOptions) {
  const share = createShare(2_000)
  const withSharedList = (list: ReturnType<typeof boundedList>) => ({ ...list, list: share(list.list) })
  const wanted = Object.entries(options.secretLabels)
  const wantedKeys = new Set([...Object.keys(options.secretLabels), LABEL_MANAGED_BY, LABEL_INSTANCE])
  const labelsOf = (meta: ObjectMeta): Record<string, string> => {
    const labels = meta.labels ?? {}
    const wanted = [...options.namespaceLabels].filter((key) => key in labels)
    return share(Object.fromEntries(wanted.map((key) => [key, labels[key] ?? ''])))
  }
  return {
    namespace: ({ metadata }: KubeObject): NamespaceView => ({
      name: metadata.name,
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
      labels: labelsOf(metadata),
      optedOut: metadata.labels?.[SKIP] === 'true',
      terminating: metadata.deletionTimestamp !== undefined,
    }),
    secret: ({ metadata }: KubeObject): SecretView => {
      const { annotations = {}, labels = {} } = metadata
      const ours = labels[LABEL_MANAGED_BY] === MANAGED_BY && labels[LABEL_INSTANCE] === options.instance
      return {
        uid: metadata.uid,
        resourceVersion: metadata.resourceVersion,
        ours,
        intact: ownsContent(metadata.managedFields),
        labelled:
          wanted.every(([key, value]) => labels[key] === value) &&
          appliedLabels(metadata.managedFields).every((key) => wantedKeys.has(key)),
        hash: share(readHash(annotations[ANNOTATION_CONTENT_HASH])),
        registries: share(ours ? readList(annotations[ANNOTATION_REGISTRIES]).filter(Boolean) : []),
        expiresAt: readTime(annotations[ANNOTATION_EXPIRES_AT]),
        note: share(readNote(annotations[ANNOTATION_LOG])),
        otherManager: share(otherContentManager(metadata.managedFields)),
      }
    },
    serviceAccount: ({ metadata, imagePullSecrets = [] }: ServiceAccountObject): ServiceAccountView => ({
      namespace: metadata.namespace ?? '',
      name: share(metadata.name),
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
      ...withSharedList(boundedList(imagePullSecrets, options.secretName)),
      owner: share(listOwner(metadata.managedFields)),
      optedOut: metadata.annotations?.[SKIP] === 'true',
      ...readRole(metadata.annotations?.[ANNOTATION_ROLE_ARN]),
    }),
  }
}

function readHash(annotation = ''): string | undefined {
  return annotation === '' || annotation.length > HASH_LENGTH ? undefined : annotation
}

function readList(annotation = ''): readonly string[] {
  return annotation.length > LIST_LENGTH ? [] : annotation.split(',')
}

/** A longer annotation is not the ARN of a role. */
function readRole(annotation = ''): Pick<ServiceAccountView, 'pullRole'> {
  return annotation === '' || annotation.length > 256 ? {} : { pullRole: annotation.trim() }
}

function readNote(annotation = ''): string | undefined {
  return annotation.length > LIST_LENGTH ? undefined : annotation
}

/** The helper writes the annotation to each Secret, and leaves it empty if nothing expires. */
function readTime(annotation: string | undefined): number | null | undefined {
  if (annotation === '') return null
  const time = Date.parse(annotation ?? '')
  return Number.isNaN(time) ? undefined : time
}

/**
 * True if a Pod without our entry has the list that its ServiceAccount had before we added our
 * entry. That list is empty, or the current list without our entry. Any other list is the Pod's own
 * and overrides the ServiceAccount's.
 */
export function isCopiedList(pod: readonly string[], account: readonly string[], secretName: string): boolean {
  const before = account.filter((name) => name !== secretName)
  return pod.length === 0 || (pod.length === before.length && before.every((name) => pod.includes(name)))
}
