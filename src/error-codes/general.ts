/** Codes of failures of any part. */
export const GENERAL_CODES = {
  INTERNAL: {
    what: 'acr-nopass failed in an unexpected way.',
    fix: 'Run again with --debug and open an issue with the output; the output contains no secret.',
  },
  INTERRUPTED: {
    what: 'The run was interrupted by a signal.',
    fix: 'Run the command again; it continues where it stopped.',
  },
} as const

/** Codes of command-line flags and action inputs. */
export const INPUT_CODES = {
  INPUT_INVALID: {
    what: 'The value of an input or flag is not valid.',
    fix: 'Write the value as the message shows; action.yml and --help describe every input.',
  },
  INPUT_CONFLICT: { what: 'Two inputs contradict each other.', fix: 'Remove one of the two inputs.' },
  INPUT_MISSING: { what: 'An input that this mode needs is not set.', fix: 'Set the input that the message names.' },
  INPUT_CONFIRM: {
    what: 'A removal needs a confirmation, which is missing or wrong.',
    fix: 'Set `confirm` to `<name>/<number of clusters>`, as the message shows. The name is that of the release, or of the helper to remove.',
  },
  TEMP_FOLDER: {
    what: 'The temporary folder is not writable.',
    fix: 'Make the folder writable, or set `TMPDIR` (on a runner `RUNNER_TEMP`) to a writable folder.',
  },
  NO_DISK_SPACE: {
    what: 'The disk has too little free space for a file that acr-nopass writes.',
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
