import { type AnnotationProperties, error, setFailed, setOutput, warning } from '@actions/core'
import { type ErrorPlace, formatError, formatPlace, type NopassError } from '../src/errors.ts'
import { printable } from '../src/printable.ts'
import { describeOutputs } from '../src/rollout/report/outputs.ts'
import { renderErrors } from '../src/rollout/report/summary.ts'
import { writeLine } from './write-line.ts'
import { writeSummary } from './write-summary.ts'

/** GitHub shows ten annotations of a kind: nine errors and the verdict. */
export const ANNOTATIONS = 9

/**
 * Reports errors that ended the run before any cluster was started, or an interruption. Returns the
 * exit code.
 */
export function reportErrors(errors: readonly NopassError[], host: NodeJS.Process, mode: string): number {
  // The log shows annotations too.
  for (const one of errors.slice(0, ANNOTATIONS)) annotate(one)
  for (const line of errors.slice(ANNOTATIONS).flatMap((one) => formatError(one).split('\n'))) writeLine(host, line)
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`
  const wasInterrupted = errors.some(({ code }) => code === 'INTERRUPTED')
  setFailed(wasInterrupted ? 'interrupted' : `${count}; nothing was started`)
  try {
    // The outputs are written too, because conditions of later steps compare them (`failed !=
    // '[]'`). Without a check, no list of failed clusters is true, also not an empty one.
    const { results, changed, failed, skipped } = describeOutputs([], [])
    const outputs = mode === 'check' ? {} : { results, changed, failed, skipped }
    for (const [name, value] of Object.entries(outputs)) setOutput(name, JSON.stringify(value))
    writeSummary(renderErrors(mode, errors), host)
  } catch (cause) {
    writeLine(
      host,
      `the output and the summary could not be written: ${cause instanceof Error ? cause.message : cause}`,
    )
  }
  return 1
}

/** Reports possible mistakes, which do not stop the run. */
export function reportWarnings(warnings: readonly NopassError[], host: NodeJS.Process): void {
  for (const one of warnings.slice(0, ANNOTATIONS)) annotate(one, warning)
  for (const line of warnings.slice(ANNOTATIONS).flatMap((one) => formatError(one).split('\n'))) writeLine(host, line)
}

/** Annotates an error or a warning at its place in a file, with the fix. */
function annotate(one: NopassError, write = error): void {
  const place = formatPlace(one.place)
  const what = `${place === '' ? '' : `${place}: `}${one.message}\nFix: ${one.hint}`
  write(what, { title: one.code, ...placeOf(one.place) })
}

/** A place in a file for an annotation. */
export function placeOf({ file, line, column }: ErrorPlace = {}): AnnotationProperties {
  return {
    ...(file && { file: printable(file) }),
    ...(line && { startLine: line }),
    ...(line && column && { startColumn: column }),
  }
}
