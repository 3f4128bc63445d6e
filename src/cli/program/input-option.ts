import { type Command, Option } from 'commander'
import type { InputName, InputSpec } from '../../rollout/inputs/input-table.ts'
import type { CliHost } from './cli-host.ts'
import { type ConnectFlags, collectLines, contextOf, contextOptions, workerRoleOptions } from './command.ts'
import { readValuesFlags, type ValuesFlags, withValuesOptions } from './values-options.ts'

/**
 * Flags with another name than the action's input: the name that kubectl or Helm has, or that the
 * other commands have. The input's own name is accepted too, but no help shows it.
 */
const FLAGS: Readonly<Partial<Record<InputName, string>>> = {
  'values-files': '-f',
  values: '--inline-values',
  'kube-context': '--context',
  'worker-roles': '--worker-role',
}

/** Returns the flag of an input, as errors and pages write it. */
export function flagOf(input: InputName): string {
  return FLAGS[input] ?? `--${input}`
}

/** What stands for the value of a flag in `--help`, where its kind says too little. */
const VALUES: Readonly<Partial<Record<InputName, string>>> = {
  'clusters-file': 'file',
  kubeconfig: 'file',
  'plan-file': 'file',
  confirm: 'name/clusters',
  registry: 'instance',
  namespace: 'name',
  release: 'name',
  name: 'name',
  'ack-cluster-id': 'id',
  region: 'id',
  chart: 'reference',
  endpoints: 'map',
  'role-to-assume': 'arn',
  'oidc-provider-arn': 'arn',
}

/** Returns the flag of an input that has the same name. A list may be given in several flags. */
function toOption(name: InputName, spec: InputSpec): Option {
  const fallback = spec.default === '' ? '' : ` (default: ${spec.default})`
  const about = `${spec.about}${fallback}`
  if (spec.kind === 'boolean') return new Option(`--${name} [true|false]`, about)
  const short = name === 'namespace' ? '-n, ' : ''
  const value = spec.kind === 'choice' ? spec.choices?.join('|') : (VALUES[name] ?? spec.kind)
  const option = new Option(`${short}--${name} <${value}>`, about)
  return spec.kind === 'list' ? option.argParser(collectLines) : option
}

/** Adds the flags of an input, with `group` as their heading in `--help`. */
export function addInput(command: Command, name: InputName, spec: InputSpec, group: string): void {
  // The flags for values are added together.
  if (name === 'values') return
  if (name === 'values-files') {
    withValuesOptions(command, group)
    return
  }
  const options =
    name === 'kube-context'
      ? contextOptions()
      : name === 'worker-roles'
        ? workerRoleOptions(spec.about)
        : [toOption(name, spec)]
  for (const option of options) command.addOption(option.helpGroup(group))
}

/** Flags by commander's names, in camel case. */
export interface InputFlags extends ValuesFlags, ConnectFlags {
  readonly workerRole?: readonly string[]
  readonly [input: string]: unknown
}

/**
 * Returns the flags as inputs of a workflow.
 * @throws INPUT_INVALID, INPUT_CONFLICT
 */
export function readFlags(
  names: readonly InputName[],
  flags: InputFlags,
  host: Pick<CliHost, 'workingDirectory'>,
): Readonly<Partial<Record<InputName, string>>> {
  const entries = names.flatMap((name) => {
    const value = flags[name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())]
    return Object.hasOwn(FLAGS, name) || value === undefined ? [] : [[name, String(value)] as const]
  })
  const context = contextOf(flags)
  return {
    ...Object.fromEntries(entries),
    ...readValuesFlags(flags, host).inputs,
    ...(context !== undefined && { 'kube-context': context }),
    ...(flags.workerRole !== undefined && { 'worker-roles': flags.workerRole.join('\n') }),
  }
}
