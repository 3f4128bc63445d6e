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

/** Codes of command-line flags and action inputs. */
export const INPUT_CODES = {
  INPUT_INVALID: {
    what: 'An input or flag has a value that is not valid for it.',
    fix: 'Write it as the message shows; action.yml and --help describe every input.',
  },
  INPUT_CONFLICT: { what: 'Two inputs contradict each other.', fix: 'Remove one of the two.' },
  INPUT_MISSING: { what: 'An input that this mode needs is not set.', fix: 'Set the input that the message names.' },
  INPUT_CONFIRM: {
    what: 'A removal was requested without its confirmation.',
    fix: 'Set `confirm` to `<name>/<number of clusters>`, as the message shows it: the name of the release, or of the helper that is removed.',
  },
  TEMP_FOLDER: {
    what: 'The temporary folder cannot be written.',
    fix: 'Make it writable, or set `TMPDIR` (of a runner: `RUNNER_TEMP`) to a folder that is.',
  },
  NO_DISK_SPACE: {
    what: 'The disk is too full for what has to be written.',
    fix: 'Free space on the disk that the message names, and run again.',
  },
  RUNNER_UNSUPPORTED: {
    what: 'The action runs on Linux and macOS runners.',
    fix: 'Use `runs-on: ubuntu-latest` (or macOS) for this job.',
  },
  PULL_REQUEST_REFUSED: {
    what: 'A pull request event may only validate and plan.',
    fix: 'Run `apply` on push or workflow_dispatch, or set `allow-on-pull-request: true` if you trust every author.',
  },
} as const
