import { isDeepStrictEqual } from 'node:util'
import { structuredPatch } from 'diff'
import { stringify } from 'yaml'
import { isRecord } from '../../lib/json.ts'
import { type ManifestObject, objectKey, objectTitle } from './manifest.ts'

/** The maximum number of changed lines of one object. Comparing more lines takes seconds. */
const MAX_CHANGES = 2_000

/** The diff of one object. A plan shows the diffs of RAM documents in the same form. */
export interface ObjectChange {
  readonly change: 'add' | 'remove' | 'change'
  /** `Deployment acr-nopass/acr-nopass`. */
  readonly title: string
  /**
   * Lines of YAML with `+`, `-`, two lines of context, and `...` for a gap. Secret data is hidden.
   */
  readonly diff: string
}

/**
 * Returns the differences of two renders by object, in the order of `after`. Removals come last.
 */
export function diffManifests(
  before: readonly ManifestObject[],
  after: readonly ManifestObject[],
): readonly ObjectChange[] {
  const old = new Map(before.map((object) => [objectKey(object), object]))
  const kept = new Set(after.map(objectKey))
  return [
    ...after.flatMap((object) => describeChange(old.get(objectKey(object)), object)),
    ...before.filter((object) => !kept.has(objectKey(object))).flatMap((gone) => describeChange(gone, undefined)),
  ]
}

function describeChange(
  before: ManifestObject | undefined,
  after: ManifestObject | undefined,
): readonly ObjectChange[] {
  const named = after ?? before
  if (!named) return []
  const diff = diffTexts(render(before, after, ''), render(after, before, ', changed'))
  if (diff === '') return []
  const change = before === undefined ? 'add' : after === undefined ? 'remove' : 'change'
  return [{ change, title: objectTitle(named), diff }]
}

/**
 * An object with too many lines is not compared by line. A new or removed object is shown
 * completely.
 */
function diffTexts(before: string, after: string): string {
  const limit = before === '' || after === '' ? {} : { maxEditLength: MAX_CHANGES }
  const patch = structuredPatch('', '', before, after, '', '', { context: 2, ...limit })
  if (patch === undefined) {
    const many = (text: string): string => `(${text.split('\n').length - 1} lines, too many to compare)`
    return `- ${many(before)}\n+ ${many(after)}`
  }
  return patch.hunks
    .map(({ lines }) => lines.map((line) => `${line.slice(0, 1)} ${line.slice(1)}`).join('\n'))
    .join('\n...\n')
}

function render(object: ManifestObject | undefined, other: ManifestObject | undefined, mark: string): string {
  if (object === undefined) return ''
  return `${stringify(redactObject(object.body, other?.body, mark), { sortMapEntries: true, lineWidth: 0 }).trimEnd()}\n`
}

/**
 * Fields of a Secret that hold no content. Any other field is hidden, because it may be a
 * misspelled content field.
 */
const SHOWN = ['apiVersion', 'kind', 'metadata', 'type', 'immutable']
/**
 * The annotation that `kubectl apply` writes: the whole object. Charts contain it if somebody
 * copied an object from a cluster.
 */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/**
 * Hides every value of a Secret's content. A value that differs from the `other` object's value
 * gets the `mark`. So a diff shows the change without the value, and without a hash from which the
 * value could be guessed.
 */
function redactObject(
  body: Readonly<Record<string, unknown>>,
  other?: Readonly<Record<string, unknown>>,
  mark = '',
): Readonly<Record<string, unknown>> {
  if (body.kind !== 'Secret') return body
  const hide = (value: unknown, before: unknown): string =>
    other !== undefined && !isDeepStrictEqual(value, before) ? `<redacted${mark}>` : '<redacted>'
  const fields = Object.entries(body).map(([field, value]): [string, unknown] => {
    const before = other?.[field]
    if (field === 'metadata' && isRecord(value)) return [field, withoutApplied(value, before, hide)]
    if (SHOWN.includes(field)) return [field, value]
    if (!isRecord(value)) return [field, hide(value, before)]
    const keys = Object.entries(value).map(([key, one]) => [key, hide(one, isRecord(before) ? before[key] : undefined)])
    return [field, Object.fromEntries(keys)]
  })
  return Object.fromEntries(fields)
}

function withoutApplied(
  metadata: Readonly<Record<string, unknown>>,
  before: unknown,
  hide: (value: unknown, before: unknown) => string,
): Readonly<Record<string, unknown>> {
  const { annotations } = metadata
  if (!isRecord(annotations) || annotations[LAST_APPLIED] === undefined) return metadata
  const old = isRecord(before) && isRecord(before.annotations) ? before.annotations[LAST_APPLIED] : undefined
  return { ...metadata, annotations: { ...annotations, [LAST_APPLIED]: hide(annotations[LAST_APPLIED], old) } }
}
