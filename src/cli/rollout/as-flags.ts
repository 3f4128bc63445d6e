import { type NopassError, reworded } from '../../errors.ts'
import { INPUTS, type InputName, type Inputs } from '../../rollout/inputs/input-table.ts'
import { ValuesError } from '../../values/values-error.ts'
import { flagOf, type InputFlags } from '../program/input-option.ts'

/**
 * Replaces names of inputs by flags in an error of the engine, also at its beginning: `waves: …`
 * becomes `--waves: …`. The word `input` becomes `flag`.
 */
export function asFlags(text: string): string {
  const whole = text.replace(/^([a-z]+(?:-[a-z]+)*): /, (all, name: string) => {
    return isInput(name) ? `${flagOf(name)}: ` : all
  })
  return quotedAsFlags(whole).replaceAll(
    /\b(an )?input(s?)\b/g,
    (_, article, plural) => `${article ? 'a ' : ''}flag${plural}`,
  )
}

/** Replaces inputs in backquotes: `` `confirm: a/1` `` becomes `` `--confirm a/1` ``. */
export function quotedAsFlags(text: string): string {
  return text.replaceAll(/`([a-z]+(?:-[a-z]+)*)(?:: ([^`]+))?`/g, (whole, name: string, value: string | undefined) => {
    if (!isInput(name)) return whole
    return value === undefined ? `\`${flagOf(name)}\`` : `\`${flagOf(name)} ${value}\``
  })
}

function isInput(name: string): name is InputName {
  return Object.hasOwn(INPUTS, name)
}

/** Returns the error with flags instead of inputs. Keys of values stay unchanged. */
export function errorAsFlags(error: NopassError): NopassError {
  const [message, hint] = [asFlags(error.message), asFlags(error.hint)]
  if (error instanceof ValuesError || (message === error.message && hint === error.hint)) return error
  return reworded(error, message, { hint })
}

export type RolloutMode = Exclude<Inputs['mode'], 'validate' | 'check' | 'login'>

export interface RolloutFlags extends InputFlags {
  readonly detailedExitcode?: boolean
  readonly diff?: boolean
}
