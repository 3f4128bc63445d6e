import { type NopassError, reworded } from '../../errors.ts'
import { INPUTS, type Inputs } from '../../rollout/inputs/input-table.ts'
import { ValuesError } from '../../values/values-error.ts'

/** Replaces names of inputs by flags in a text of the engine: `` `confirm: a/1` `` becomes `` `--confirm a/1` ``. */
export function asFlags(text: string): string {
  return text.replaceAll(/`([a-z]+(?:-[a-z]+)*)(?:: ([^`]+))?`/g, (whole, name: string, value: string | undefined) => {
    if (!Object.hasOwn(INPUTS, name)) return whole
    return value === undefined ? `\`--${name}\`` : `\`--${name} ${value}\``
  })
}

/** The error with flags in place of inputs. Keys of values stay as they are. */
export function errorAsFlags(error: NopassError): NopassError {
  const [message, hint] = [asFlags(error.message), asFlags(error.hint)]
  if (error instanceof ValuesError || (message === error.message && hint === error.hint)) return error
  return reworded(error, message, { hint })
}

export type RolloutMode = Exclude<Inputs['mode'], 'validate'>

export interface RolloutFlags {
  readonly file?: readonly string[]
  readonly detailedExitcode?: boolean
  readonly diff?: boolean
  /** The action's inputs, by their names in camel case. */
  readonly [input: string]: unknown
}
