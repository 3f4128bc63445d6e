import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { NopassError } from '../../errors.ts'
import { orElse } from '../../lib/or-else.ts'
import type { CliHost } from './cli-host.ts'
import { collect, collectLines, OldSpelling } from './command.ts'

export interface ValuesFlags {
  /** The values files. Before 1.0, `--values` took YAML text. */
  readonly values?: readonly string[]
  readonly inlineValues?: readonly string[]
  /** The list of files that `-f` replaced. */
  readonly valuesFiles?: string
}

/**
 * Adds `-f, --values` as Helm has it, and `--inline-values` for YAML text. `group` is the heading
 * in `--help`.
 */
export function withValuesOptions(command: Command, group?: string): Command {
  const options = [
    new Option('-f, --values <file>', 'values file; repeatable, later files win').argParser(collect),
    new Option('--inline-values <yaml>', 'values as YAML text, after the files').argParser(collect),
    new OldSpelling('--file <file>', 'values').argParser(collect),
    new Option('--values-files <list>').argParser(collectLines).hideHelp(),
  ]
  for (const option of options) command.addOption(group === undefined ? option : option.helpGroup(group))
  return command
}

/** The values that a command line names. */
export interface NamedValues {
  readonly files: readonly string[]
  /** As inputs of the action. */
  readonly inputs: { readonly 'values-files'?: string; readonly values?: string }
}

/**
 * Reads the flags for values.
 * @throws INPUT_INVALID for a file without a name, INPUT_CONFLICT for several inline values
 */
export function readValuesFlags(flags: ValuesFlags, host: Pick<CliHost, 'workingDirectory'>): NamedValues {
  const { values = [], inlineValues = [], valuesFiles } = flags
  const texts = values.filter((value) => isYamlText(value, host))
  const inline = [...texts, ...inlineValues].filter((text) => text.trim() !== '')
  if (inline.length > 1) {
    throw new NopassError('INPUT_CONFLICT', 'inline values are given more than once', {
      hint: 'Put all keys into one `--inline-values`, or into a file for `-f`.',
    })
  }
  const named = values.filter((value) => !texts.includes(value))
  // In the action's list an entry without a name is skipped, which would leave out a values file.
  if (named.some((name) => name.trim() === '' || name.trim().startsWith('#'))) {
    throw new NopassError('INPUT_INVALID', '-f names no file', {
      hint: 'Check the variable that it comes from. Write `./#name` for a file whose name begins with #.',
    })
  }
  const files = [...(valuesFiles === undefined ? [] : [valuesFiles]), ...named]
  return {
    files,
    inputs: {
      ...(files.length > 0 && { 'values-files': files.join('\n') }),
      ...(inline.length > 0 && { values: inline.join('\n') }),
    },
  }
}

/** True for a map of YAML, which has a key or is in braces, unless a file has that name. */
function isYamlText(text: string, { workingDirectory }: Pick<CliHost, 'workingDirectory'>): boolean {
  if (!/\n|^\s*\{|:(\s|$)/.test(text)) return false
  return orElse(() => !statSync(resolve(workingDirectory, text)).isFile(), true)
}
