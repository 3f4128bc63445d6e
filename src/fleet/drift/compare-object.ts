import { isRecord } from '../../lib/json.ts'
import { amountOf } from '../../lib/quantity.ts'

/** Fields of a live object that no manifest decides. */
const NOT_COMPARED: readonly string[] = ['apiVersion', 'kind', 'status']
/** Fields of the metadata that the API server sets. */
const OF_THE_SERVER: readonly string[] = ['creationTimestamp', 'uid', 'resourceVersion', 'generation', 'managedFields']
/** A Secret's content is not read, so only its metadata is compared. */
const METADATA: readonly string[] = ['metadata']

/**
 * Returns the paths of fields that a live object has with another value than its manifest, or
 * lacks. Fields that only the live object has are defaults of the API server or another client's
 * (see `addedFields`).
 */
export function changedFields(
  manifest: Readonly<Record<string, unknown>>,
  live: Readonly<Record<string, unknown>>,
): readonly string[] {
  const keys = manifest.kind === 'Secret' ? METADATA : Object.keys(manifest)
  return keys.filter((key) => !NOT_COMPARED.includes(key)).flatMap((key) => compare(manifest[key], live[key], [key]))
}

function compare(wanted: unknown, live: unknown, path: readonly string[]): readonly string[] {
  if (isEmpty(wanted) && isEmpty(live)) return []
  if (isRecord(wanted)) {
    if (!isRecord(live)) return isHollow(wanted) && isEmpty(live) ? [] : [formatPath(path)]
    return Object.keys(wanted)
      .filter((key) => !(path.join() === 'metadata' && OF_THE_SERVER.includes(key)))
      .flatMap((key) => compare(wanted[key], live[key], [...path, key]))
  }
  if (Array.isArray(wanted)) {
    if (!Array.isArray(live) || live.length !== wanted.length) return [formatPath(path)]
    return wanted.flatMap((item, index) => compare(item, live[index], [...path, `[${index}]`]))
  }
  return wanted === live || isSameQuantity(wanted, live, path) ? [] : [formatPath(path)]
}

/**
 * True for a value that the API server leaves out of its JSON (`omitempty`), and for an absent one.
 */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return true
  return Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0
}

/** True for a map whose values are all empty, which the API server may leave out as a whole. */
function isHollow(value: Readonly<Record<string, unknown>>): boolean {
  return Object.values(value).every((one) => isEmpty(one) || (isRecord(one) && isHollow(one)))
}

/** The fields that hold a quantity, or a map of quantities. */
const OF_QUANTITIES: readonly string[] = ['limits', 'requests', 'sizeLimit', 'hard', 'divisor']

/** True for quantities of one amount, because the API server writes `1000m` as `1`. */
function isSameQuantity(wanted: unknown, live: unknown, path: readonly string[]): boolean {
  if (!path.slice(-2).some((key) => OF_QUANTITIES.includes(key))) return false
  // Twelve digits, because the API server rounds to nano.
  const [one, other] = [wanted, live].map((quantity) => amountOf(quantity)?.toPrecision(12))
  return one !== undefined && one === other
}

/** Returns a path such as `spec.template.spec.containers[0].image`. */
export function formatPath(path: readonly string[]): string {
  return path
    .map((step) => (/^\[\d+\]$/.test(step) ? step : /^[\w-]+$/.test(step) ? `.${step}` : `["${step}"]`))
    .join('')
    .replace(/^\./, '')
}
