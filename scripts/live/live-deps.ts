import type { CredentialProvider, Credentials } from '../../src/alibaba/credentials.ts'
import type { AbortableTarget, CloudTransport } from '../../src/alibaba/transport/cloud-transport.ts'
import type { createEndpoints, Product } from '../../src/alibaba/transport/endpoints.ts'
import { type Clock, sleep } from '../../src/lib/clock.ts'
import type { CallRecorder } from './evidence.ts'
import type { CertificateChain } from './issuer-certificates.ts'

/** The outside of a run, as parameters. */
export interface LiveDeps {
  readonly transport: CloudTransport
  /** Records the calls of `transport`. */
  readonly calls: CallRecorder
  readonly endpoints: ReturnType<typeof createEndpoints>
  readonly clock: Clock
  /** The user's own identity. */
  readonly caller: CredentialProvider
  /** Holds the proxies for API servers. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly readText: (file: string) => Promise<string>
  readonly readChain: (issuer: string, signal: AbortSignal) => Promise<CertificateChain>
  /** Returns the addresses of a host, none if it does not resolve. */
  readonly resolve: (host: string) => Promise<readonly string[]>
  /** Prints a line of progress. */
  readonly print: (line: string) => void
}

/** The target of a product's calls in a region. */
export function targetOf(
  { transport, endpoints }: Pick<LiveDeps, 'transport' | 'endpoints'>,
  product: Product,
  credentials: CredentialProvider | Credentials,
  { region, signal }: { readonly region?: string; readonly signal?: AbortSignal | undefined } = {},
): AbortableTarget {
  // Public addresses, because nobody knows yet whether the run is inside of a VPC.
  return { transport, ...endpoints.locate(product, region, 'public'), credentials, signal }
}

export interface Pace {
  readonly everyMs: number
  readonly patienceMs: number
}

/** How often and how long RAM is asked until it shows or applies a write. */
export const RAM_PACE: Pace = { everyMs: 1000, patienceMs: 120_000 }

export interface Waited<Found> {
  /** Undefined if the patience is over. */
  readonly found: Found | undefined
  readonly seconds: number
}

/** Repeats `look` until it finds something, or the time limit is reached. */
export async function waitFor<Found>(
  look: () => Promise<Found | undefined>,
  clock: Clock,
  { everyMs, patienceMs }: Pace,
  signal: AbortSignal,
): Promise<Waited<Found>> {
  const started = clock.monotonic()
  for (;;) {
    const found = await look()
    const waited = clock.monotonic() - started
    if (found !== undefined || waited >= patienceMs) return { found, seconds: Math.round(waited / 1000) }
    await sleep(clock, everyMs, signal)
  }
}
