/** Codes of failures of any part. */
export const GENERAL_CODES = {
  INTERNAL: {
    what: 'Something failed that we did not foresee.',
    fix: 'Run again with --debug and open an issue with the output; no secret is in it.',
  },
  INTERRUPTED: {
    what: 'The run was interrupted by a signal.',
    fix: 'Run the command again; it continues where it stopped.',
  },
} as const
