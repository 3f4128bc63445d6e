import type { Inputs } from '../../rollout/inputs/inputs.ts'
export type RolloutMode = Exclude<Inputs['mode'], 'validate'>

export interface RolloutFlags {
  readonly file?: readonly string[]
  readonly detailedExitcode?: boolean
  /** The action's inputs, by their names in camel case. */
  readonly [input: string]: unknown
}
