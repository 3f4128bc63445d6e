import { CHECK_ONLY, INPUTS, type InputName, type InputSpec, LOGIN_ONLY } from '../../rollout/inputs/input-table.ts'
import { type Cli, withCommonOptions } from '../program/command.ts'
import { addInput, readFlags } from '../program/input-option.ts'
import type { RolloutFlags, RolloutMode } from './as-flags.ts'
import { EXAMPLES, FLAG_GROUPS } from './flag-groups.ts'

const ABOUT: Readonly<Record<RolloutMode, string>> = {
  plan: 'Show what apply would change in RAM and in the clusters. Reads only.',
  apply: 'Validate, apply RAM, upgrade the release, verify; wave by wave.',
  uninstall: 'Remove what the helper wrote, then the release; with --ram-cleanup also its RAM policy and role.',
}

/** Inputs that a mode does not use. */
const WITHOUT: Readonly<Record<RolloutMode, readonly InputName[]>> = {
  plan: ['confirm', 'ram-cleanup'],
  apply: ['confirm', 'ram-cleanup'],
  uninstall: ['plan-file', 'verify', 'verify-image', 'verify-namespace', 'skip-unchanged', 'rollback'],
}

/** Inputs that a mode accepts but ignores, so that it can be called with the flags of `apply`. */
const WITHOUT_EFFECT: Readonly<Record<RolloutMode, readonly InputName[]>> = {
  plan: [],
  apply: [],
  uninstall: ['ram-scope', 'wait', 'uninstall-on-failed-install', 'recover-pending', 'coexist'],
}

/** Inputs that exist only in a workflow, or only for a check or a login. */
const NO_FLAGS: readonly InputName[] = ['mode', 'allow-on-pull-request', ...CHECK_ONLY, ...LOGIN_ONLY]

/** Adds `plan`, `apply` and `uninstall`: the action's modes, with its inputs as flags. */
export function addRollout({ program, run }: Cli): void {
  for (const mode of Object.keys(ABOUT) as RolloutMode[]) {
    const command = program.command(mode).description(ABOUT[mode])
    // The groups are in the order of the documentation.
    for (const [group, names] of Object.entries(FLAG_GROUPS)) {
      for (const [name, spec] of inputsOf(mode).filter(([input]) => names.includes(input))) {
        addInput(command, name, spec, `${group}:`)
      }
    }
    for (const option of command.options) {
      if (WITHOUT_EFFECT[mode].some((name) => option.long === `--${name}`)) option.hideHelp()
    }
    command.addHelpText('after', EXAMPLES[mode])
    if (mode === 'plan') {
      command
        .option('--diff', 'also print the full text of each change: RAM documents, Kubernetes objects')
        .option('--detailed-exitcode', 'exit 3 when something would change')
    }
    withCommonOptions(command).action(
      run<RolloutFlags>(async () => {
        const { rollout } = await import('./rollout.ts')
        const names = inputsOf(mode).map(([name]) => name)
        return (flags, host) => rollout(mode, { ...readFlags(names, flags, host), mode }, flags, host)
      }),
    )
  }
}

function inputsOf(mode: RolloutMode): readonly (readonly [InputName, InputSpec])[] {
  return (Object.entries(INPUTS) as [InputName, InputSpec][]).filter(
    ([name]) => !NO_FLAGS.includes(name) && !WITHOUT[mode].includes(name),
  )
}
