/** A failure that the user can fix; no stack is shown. */
export class CommandFailure extends Error {
  constructor(message, fix) {
    super(message)
    this.fix = fix
  }
}

/** The run was ended by a signal. */
export class InterruptedRun extends Error {
  constructor(signal) {
    super(`ended by ${signal}`)
    this.exitCode = EXIT_CODES[signal]
  }
}

/** Exit codes as shells report them. */
export const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }
