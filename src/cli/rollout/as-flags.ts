import { type NopassError, reworded } from '../../errors.ts'
import { INPUTS, type Inputs } from '../../rollout/inputs/input-table.ts'
import { ValuesError } from '../../values/values-error.ts'

/**
 * Replaces names of inputs by flags in a text of the engine: `` `confirm: a/1` `` becomes ``
 * `--confirm a/1` ``.
 */
export function asFlags(text: string): string {
  const whole = text.replace(/^([a-z]+(?:-[a-z]+)*): /, (all, name: string) => {
    return Object.hasOwn(INPUTS, name) ? `${flagOf(name)}: ` : all
  })
  return whole.replaceAll(/`([a-z]+(?:-[a-z]+)*)(?:: ([^`]+))?`/g, (whole, name: string, value: string | undefined) => {
    if (!Object.hasOwn(INPUTS, name)) return whole
    return value === undefined ? `\`${flagOf(name)}\`` : `\`${flagOf(name)} ${value}\``
  })
}

/** Returns the flag that users write: every command with values files has `-f`. */
function flagOf(input: string): string {
  return input === 'values-files' ? '-f' : `--${input}`
}

/** Returns the error with flags instead of inputs. Keys of values stay unchanged. */
export function errorAsFlags(error: NopassError): NopassError {
  const [message, hint] = [asFlags(error.message), asFlags(error.hint)]
  if (error instanceof ValuesError || (message === error.message && hint === error.hint)) return error
  return reworded(error, message, { hint })
}

export type RolloutMode = Exclude<Inputs['mode'], 'validate' | 'check' | 'login'>

export interface RolloutFlags {
  readonly file?: readonly string[]
  readonly detailedExitcode?: boolean
  readonly diff?: boolean
  /** The action's inputs, by their names in camel case. */
  readonly [input: string]: unknown
}
