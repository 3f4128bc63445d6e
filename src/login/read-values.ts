import type { NopassError } from '../errors.ts'
import { readInputFile } from '../lib/files.ts'
import type { ResolvedValues } from '../values/generated/resolved-values.ts'
import { loadValues } from '../values/load-values.ts'
import { decodeText } from '../values/yaml/decode-text.ts'
import type { LoginInputs } from './login-inputs.ts'

export interface ValuesDeps {
  readonly workingDirectory: string
  /** Folders that a values file must be in; undefined: any file, a pipe or `-`. */
  readonly within: readonly string[] | undefined
}

export interface ReadValues {
  /** Undefined without values, or with errors. */
  readonly values: ResolvedValues | undefined
  readonly errors: readonly NopassError[]
}

/**
 * Reads the values as a rollout does. The ARNs of RRSA may be missing, because a login does not use
 * the identity of the helper.
 * @throws INPUT_INVALID for a file that cannot be read
 */
export function readValues(
  { 'values-files': names, values: inline }: Pick<LoginInputs, 'values-files' | 'values'>,
  { workingDirectory, within }: ValuesDeps,
): ReadValues {
  if (names.length === 0 && inline === '') return { values: undefined, errors: [] }
  const files = names.map((name) => {
    return { name, text: decodeText(readInputFile({ input: 'values-files', name, folder: workingDirectory, within })) }
  })
  const all = inline === '' ? files : [...files, { name: 'values', text: inline }]
  const { values, errors } = loadValues({ files: all, rrsaComesLater: true })
  return { values, errors }
}
