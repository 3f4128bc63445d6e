import { CodedError, type ErrorDetails, formatError, toNopassError } from '../src/errors.ts'
import { TESTBED_CODES } from './error-codes.ts'

export type TestbedCode = keyof typeof TESTBED_CODES

/** A failure of the sandbox, or of the tools that it builds. */
export class TestbedError extends CodedError<TestbedCode> {
  override readonly name = 'TestbedError'

  constructor(code: TestbedCode, message: string, details: ErrorDetails = {}) {
    super(code, TESTBED_CODES[code].fix, message, details)
  }
}

/** Returns the text of any failure, with its fix. */
export function describeFailure(error: unknown): string {
  return formatError(error instanceof CodedError ? error : toNopassError(error))
}
