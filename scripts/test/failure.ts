import { inspect } from 'node:util'

interface FailedTest {
  readonly line?: number | undefined
  readonly details: { readonly error: unknown }
}

/** False for a suite or parent test that failed only because a test inside it failed. */
export function isOwnFailure(error: unknown): boolean {
  return !(error instanceof Error && 'failureType' in error && error.failureType === 'subtestsFailed')
}

/** Describes a failed test: its name, its line, and the error that it threw. */
export function formatFailure(name: string, test: FailedTest): string {
  const line = test.line === undefined ? '' : ` (line ${test.line})`
  return `✖ ${name}${line}\n${describeError(unwrapError(test.details.error))}`
}

/** Omits the frames of Node itself. An assertion's message already contains the compared values. */
function describeError(error: unknown): string {
  const isAssertion = error instanceof Error && 'code' in error && error.code === 'ERR_ASSERTION' && error.stack
  const text = isAssertion ? error.stack : inspect(error, { colors: false, depth: 4 })
  return (text || String(error)).replaceAll(/\n {2,}at [^\n]*\(?node:[^\n]*?(?= \{$|$)/gm, '')
}

/** Returns the error that a test threw, which the runner wraps. */
function unwrapError(error: unknown): unknown {
  return error instanceof Error && 'failureType' in error && error.cause !== undefined ? error.cause : error
}
