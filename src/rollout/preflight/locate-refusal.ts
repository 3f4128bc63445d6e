import { formatPlace, type NopassError, reworded } from '../../errors.ts'
import type { ManifestObject } from '../../helm/release/manifest.ts'
import { KubeApiError } from '../../kube/api-error.ts'
import type { LoadedValues } from '../../values/load-values.ts'
import { formatPath } from '../../values/yaml/yaml-node.ts'
import { keyOfField } from './passed-fields.ts'

/** The values that a release was rendered from. */
export type ValuesSource = Pick<LoadedValues, 'merged' | 'positionOf'>

/** More keys do not help: one refusal is corrected after the other. */
const SHOWN = 3

/** Adds the keys of the user's values that a refusal is about, if the chart passes the field on. */
export function locateRefusal(error: NopassError, object: ManifestObject, values: ValuesSource): NopassError {
  const { cause } = error
  // In a conflict the values are right: somebody else changed the field in the cluster.
  if (!(cause instanceof KubeApiError) || error.code === 'HELM_CONFLICT') return error
  const paths = refusedFields(cause).flatMap((field) => {
    const path = keyOfField(field, object, values.merged)
    return path === undefined ? [] : [path]
  })
  if (paths.length === 0) return error
  const positions = paths.map((path) => values.positionOf(path))
  const named = paths.map((path, index) => {
    // A key that is not in the user's files may be missing there, or be a default of the chart.
    const position = positions[index]
    return `\`${formatPath(path)}\`${position === undefined ? '' : ` (${formatPlace(position)})`}`
  })
  const hint = `Change ${[...new Set(named)].slice(0, SHOWN).join(', ')}.`
  return reworded(error, error.message, { hint, place: positions.find(Boolean), cause })
}

/**
 * Returns the fields that the API server names: those of refused values, unknown fields, and lists
 * with two items of one key. Sources of the texts: `NewStrictDecodingError` in pkg/runtime/error.go
 * of k8s.io/apimachinery (`unknown field "a.b"`), and typed/validate.go of
 * sigs.k8s.io/structured-merge-diff (`.a.b: field not declared in schema`).
 */
function refusedFields({ fields, message }: KubeApiError): readonly string[] {
  const unknown = [...message.matchAll(/unknown field "([^"]+)"/g)]
  const untyped = [...message.matchAll(/(?<=\s)(\.\S+): (?:field not declared in schema|duplicate entries for key)/g)]
  return [...fields, ...[...unknown, ...untyped].map(([, field = '']) => field)]
}
