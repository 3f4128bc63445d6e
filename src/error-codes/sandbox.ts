/** Codes of the emulated cloud, clusters and node. */
export const SANDBOX_CODES = {
  SANDBOX_ARGUMENTS: {
    what: 'A sandbox command does not know an argument.',
    fix: 'Run the command with --help.',
  },
  SANDBOX_PORT: {
    what: 'The emulated cloud cannot listen on its port.',
    fix: 'Choose another one with --port, or none: a free one is taken.',
  },
  SEED_UNREADABLE: {
    what: 'The seed file of the emulated cloud cannot be read.',
    fix: 'Check the path and its permissions; without a file the demo accounts are used.',
  },
  SEED_INVALID: {
    what: 'The seed file of the emulated cloud does not describe accounts.',
    fix: 'Compare with examples/sandbox/demo.yaml; the message names the location.',
  },
  SANDBOX_PROCESS: {
    what: 'A program of the sandbox did not start, or exited unexpectedly.',
    fix: 'Read the end of its log in the message; run the command again, after `npm run tools` if a binary is damaged.',
  },
  SANDBOX_TIMEOUT: {
    what: 'A part of the sandbox did not become ready in time.',
    fix: 'Run again when the machine is less busy; the end of the log in the message shows what it waited for.',
  },
  SANDBOX_REGISTRY: {
    what: "The sandbox's registry or its token server refused a client.",
    fix: 'Check the user name and password; tokens of the emulated cloud expire with their session.',
  },
  SANDBOX_NODE: {
    what: 'This machine cannot run a real node (Linux, root, control groups and overlayfs are needed).',
    fix: 'Run as root on Linux, or without the node: all other parts work everywhere.',
  },
  SANDBOX_DEMO: {
    what: 'A step of the demo did not show the expected result.',
    fix: 'The message names what was seen instead; run again, and open an issue with the output if it persists.',
  },
} as const
