/**
 * The closed list of the testbed's error codes: codes of the built tools, of the sandbox and of
 * `npm run live`. They belong neither to the product (src/error-codes.ts) nor to its pages.
 */
export const TESTBED_CODES = {
  GO_MISSING: {
    what: 'Go is not installed; the pinned programs are built with it.',
    fix: 'Install Go 1.21 or newer from https://go.dev/dl/ (Debian/Ubuntu: apt-get install golang-go, macOS: brew install go) and run again.',
  },
  GO_TOO_OLD: {
    what: 'The Go of this machine cannot fetch the toolchain that the pinned programs need.',
    fix: 'Install Go 1.21 or newer from https://go.dev/dl/ and run again; it fetches the exact toolchain automatically.',
  },
  NO_C_COMPILER: {
    what: 'A part of the node is built with a C compiler, and none was found.',
    fix: 'Install gcc and the C library headers (Debian/Ubuntu: apt-get install gcc libc6-dev) and run again.',
  },
  NO_DISK_SPACE: {
    what: 'The disk is too full for what has to be written, built or installed.',
    fix: 'Free space and run again. For pinned programs: `npm run tools -- clean`, or set ACR_NOPASS_CACHE (and GOCACHE, GOMODCACHE) to a larger disk.',
  },
  TOOL_DOWNLOAD_FAILED: {
    what: 'The source of a pinned program could not be fetched.',
    fix: 'Check the network and GOPROXY (`go env GOPROXY`), then run again; it continues where it stopped.',
  },
  TOOL_CHECKSUM: {
    what: 'A fetched module is not the one that go.sum pins.',
    fix: 'Do not use it. Run `go clean -modcache`, check GOPROXY, and run again; if it persists, restore tools/ from git.',
  },
  TOOL_BUILD_FAILED: {
    what: 'A pinned program did not build.',
    fix: 'Read the log that the message names; `go clean -cache` and a second run repair a broken build cache.',
  },
  TOOL_NOT_HERE: {
    what: 'The program does not exist for this operating system.',
    fix: 'Run this part on Linux (the other parts work here), or put a program of that name into the folder ACR_NOPASS_TOOLS.',
  },
  TOOL_UNKNOWN: {
    what: 'No pinned program has that name, or the command has no such option.',
    fix: 'Run `npm run tools -- list` to see the names.',
  },
  TOOL_MIRROR: {
    what: 'The variable ACR_NOPASS_RELEASES does not name a mirror of releases.',
    fix: 'Set it to an http or https URL, set it to `off` so that all programs are built, or remove it.',
  },
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
  LIVE_ARGUMENTS: {
    what: '`npm run live` does not know an argument, or lacks one.',
    fix: 'Run `npm run live -- --help`.',
  },
  LIVE_NOT_CONFIRMED: {
    what: 'Nobody confirmed what `npm run live` would create.',
    fix: 'Type yes, or pass --yes where there is no terminal; --dry-run only prints.',
  },
  LIVE_CALLER: {
    what: 'The account, its instance or the credentials do not permit the questions of `npm run live`.',
    fix: 'Use the access key of a RAM user with the policy that `npm run live -- --dry-run …` prints.',
  },
  LIVE_RECORD: {
    what: 'The record of a run cannot be used to remove what the run created.',
    fix: 'Name the run by the ID that it printed, or its file in .cache/live, with credentials of the same account.',
  },
  LIVE_LEFT: {
    what: 'Something that a run of `npm run live` created could not be removed.',
    fix: 'Run `npm run live -- --clean-up RUN` with the ID that the run printed.',
  },
  LIVE_EVIDENCE: {
    what: 'A file in docs/evidence is not the result of `npm run live` on Alibaba Cloud.',
    fix: 'Remove it, or commit the file as the program wrote it (schemas/live-evidence.schema.json).',
  },
} as const
