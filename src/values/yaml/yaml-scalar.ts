import { type ScalarTag, Schema } from 'yaml'
import type { Scalar } from './yaml-node.ts'

/** The interpretations of an unquoted word by YAML 1.2, YAML 1.1, and Helm's parser. */
export interface Readings {
  readonly yaml12: unknown
  readonly yaml11: unknown
  readonly helm: Scalar
}

const core = scalarTags(new Schema({ schema: 'core' }))
const old = scalarTags(new Schema({ schema: 'yaml-1.1' }))

// Words that may be more than text. Every parser reads a word with any other first character as
// text.
const SPECIAL = /^(?:[-+.0-9~=<yYnNtTfFoO]|$)/

/** Returns all interpretations of an unquoted scalar. A file is accepted only if they agree. */
export function readings(source: string): Readings {
  if (!SPECIAL.test(source)) return { yaml12: source, yaml11: source, helm: source }
  return { yaml12: readBy(core, source), yaml11: readBy(old, source), helm: readAsHelm(source) }
}

/**
 * Returns the value on which all parsers agree and which JSON can represent exactly. Undefined if
 * there is none.
 */
export function agreedValue({ yaml12, yaml11, helm }: Readings): Scalar | undefined {
  if (!Object.is(yaml12, yaml11) || !Object.is(yaml12, helm)) return undefined
  // Writers of JSON disagree about the sign of -0.
  if (Object.is(helm, -0)) return undefined
  // `NaN`, which JSON cannot represent, fails this comparison too.
  if (typeof helm === 'number' && !(Math.abs(helm) <= Number.MAX_SAFE_INTEGER)) return undefined
  return helm
}

function scalarTags({ tags }: Schema): readonly ScalarTag[] {
  return tags.filter((tag): tag is ScalarTag => tag.collection === undefined && tag.default === true)
}

function readBy(tags: readonly ScalarTag[], source: string): unknown {
  const tag = tags.find(({ test }) => test?.test(source))
  const value: unknown = tag?.resolve?.(source, () => undefined, { intAsBigInt: false }) ?? source
  // A timestamp or a null is wrapped in a node.
  return typeof value === 'object' && value !== null && 'value' in value ? value.value : value
}

const WORDS = new Map<string, Scalar>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Infinity] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, -Infinity] as const),
])

/**
 * Resolves a plain scalar as go-yaml v2 does (go.yaml.in/yaml/v2 v2.4.4, resolve.go): Go's number
 * literals, with `_` ignored.
 */
function readAsHelm(source: string): Scalar {
  const word = WORDS.get(source)
  if (word !== undefined) return word
  if (/^\d{4}-\d{1,2}-\d{1,2}([Tt ]|$)/.test(source)) return source
  if (source.startsWith('.')) {
    // Go's ParseFloat accepts `_` between digits.
    const isFloat = /^\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?$/.test(source)
    return isFloat ? Number(source.replaceAll('_', '')) : source
  }
  if (!/^[-+0-9]/.test(source)) return source
  const plain = source.replaceAll('_', '')
  const integer = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/.exec(plain)
  if (integer?.[2] !== undefined) {
    const digits = integer[2].replace(/^0(?=[0-7])/, '0o')
    return integer[1] === '-' ? 0 - Number(digits) : Number(digits)
  }
  const float = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(plain) ? Number(plain) : Number.NaN
  return Number.isFinite(float) ? float : source
}
