import { otherFlags, readPairs } from './kubelet-flags.ts'
import { OUR_PATHS, type ProviderPaths } from './profiles.ts'

export interface HealthOptions {
  /** Returns undefined if the kubelet answers that it is healthy, else the reason. */
  readonly probe: () => Promise<string | undefined>
  /** The command line of the kubelet. Undefined if no process shows one. */
  readonly readCommandLine: () => readonly string[] | undefined
  /** What the command line must end up with. */
  readonly expected: Expectation
  /** Milliseconds until the kubelet must be healthy, and for how long it must stay so. */
  readonly limit: number
  readonly steady: number
  readonly now: () => number
  readonly pause: (milliseconds: number) => Promise<void>
}

/**
 * `any`: before a change. `others`: our paths are no longer in effect, and these paths are, if
 * there are any. `mustShow`: a process must show its flags. `kept`: names of other flags that must
 * be there.
 */
export type Expectation =
  | 'any'
  | ({ readonly mustShow: boolean; readonly kept: readonly string[] } & (
      | { readonly ours: ProviderPaths }
      | { readonly others: ProviderPaths | undefined }
    ))

const INTERVAL = 250

/**
 * Waits until the kubelet is healthy with the expected flags and stays so. Returns undefined, or
 * the last reason why it is not.
 */
export async function waitHealthy(options: HealthOptions): Promise<string | undefined> {
  const { probe, now, pause, limit, steady } = options
  const end = now() + limit
  let since: number | undefined
  for (;;) {
    const reason = (await probe()) ?? flagsReason(options)
    const at = now()
    if (reason !== undefined) since = undefined
    else since ??= at
    if (since !== undefined && at - since >= steady) return undefined
    // If the kubelet became healthy before the limit, its steady time may end after the limit.
    if (since === undefined && at >= end) return reason
    await pause(INTERVAL)
  }
}

function flagsReason({ readCommandLine, expected }: HealthOptions): string | undefined {
  const words = readCommandLine()
  if (expected === 'any') return undefined
  // k3s runs the kubelet inside its own process, which shows no flags.
  if (words === undefined) return expected.mustShow ? 'no process of the kubelet shows its flags' : undefined
  return pairReason(readPairs(words).at(-1), expected) ?? lostReason(words, expected)
}

function pairReason(last: ProviderPaths | undefined, expected: Exclude<Expectation, 'any'>): string | undefined {
  if ('ours' in expected) return isPair(last, expected.ours) ? undefined : `the kubelet runs with ${describe(last)}`
  if (isPair(last, OUR_PATHS)) return 'the kubelet still runs with our configuration'
  if (expected.others === undefined || isPair(last, expected.others)) return undefined
  return `the kubelet runs with ${describe(last)}`
}

function lostReason(words: readonly string[], { kept }: Exclude<Expectation, 'any'>): string | undefined {
  const names = otherFlags(words)
  const lost = kept.filter((name) => !names.includes(name))
  return lost.length === 0
    ? undefined
    : `the kubelet has lost flags that it had before: ${lost.map((name) => `--${name}`).join(', ')}`
}

function isPair(one: ProviderPaths | undefined, other: ProviderPaths): boolean {
  return one?.config === other.config && one.programs === other.programs
}

function describe(pair: ProviderPaths | undefined): string {
  if (pair === undefined) return 'no flag for a credential provider'
  return `the credential providers of ${pair.config || 'no file'} and ${pair.programs || 'no folder'}`
}
