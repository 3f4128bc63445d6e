import type { RegistryToken } from '../../src/acr/registry-token.ts'
import { NopassError } from '../../src/errors.ts'
import { createRegistryDriver } from '../../src/helper/credentials/registry-driver.ts'
import type {
  Credential,
  RegistryEntry,
  RegistryState,
  RegistryValues,
  Verification,
} from '../../src/helper/credentials/registry-state.ts'
import { createFakeClock, type FakeClock } from '../kube/fake-clock.ts'

/** Creates the driver of one registry, with a clock that the test controls. Records its actions. */
export interface RefreshFixture {
  readonly clock: FakeClock
  /** How far the cloud's clock is known to be ahead of the machine's. */
  readonly cloud: { ahead: number }
  readonly refresh: {
    readonly state: RegistryState
    /** Makes the replica lead. `found`: the newest credential in the log. */
    lead(found?: Credential): void
    /** Call with a credential that another leader wrote into the log. */
    found(found: Credential): void
    prove(): void
    force(): void
    doubt(): void
    ask(noticedAt: number): void
    join(): void
    stop(): void
  }
  readonly calls: number[]
  readonly tokens: RegistryState[]
  readonly events: string[]
  /**
   * The responses to the next calls: a lifetime, a failure, `never`, or a promise of one of these.
   * The last response is repeated.
   */
  readonly responses: (number | null | NopassError | 'never' | { readonly after: Promise<number | NopassError> })[]
  readonly verdicts: (Verification | Error)[]
  /** The registry's answers about the width of the credential. */
  readonly widths: string[]
}

export const MINUTE = 60_000
export const OUTAGE: NopassError = new NopassError('CLOUD_UNAVAILABLE', 'the cloud is down', {
  reason: 'ServiceUnavailable',
})

export function openRefresh(
  options: {
    life?: number | null
    random?: number
    verifyIntervalMs?: number
    sharedSession?: boolean
    initial?: RegistryState
    mayPull?: RegistryEntry['mayPull']
    measure?: RegistryEntry['measure']
    /** The fingerprint of the registry's configuration. */
    key?: string
    /** An existing repository of the list to which the credential is limited. */
    probe?: string
  } = {},
): RefreshFixture {
  const clock = createFakeClock()
  const cloud = { ahead: 0 }
  const cloudNow = () => clock.now() + cloud.ahead
  const calls: number[] = []
  const tokens: RegistryState[] = []
  const events: string[] = []
  const responses: RefreshFixture['responses'] = [options.life === undefined ? 60 * MINUTE : options.life]
  const verdicts: RefreshFixture['verdicts'] = ['accepted']
  const widths: string[] = []
  let serial = 0
  const next = <T>(list: T[]): T => (list.length > 1 ? list.shift() : list[0]) as T
  const get = async (): Promise<RegistryToken> => {
    calls.push(clock.monotonic())
    const issuedAt = cloudNow()
    const found = next(responses)
    const response = found !== null && typeof found === 'object' && 'after' in found ? await found.after : found
    if (response === 'never') return new Promise(() => undefined)
    if (response instanceof Error) throw response
    serial += response === null ? 0 : 1
    const expiresAt = response === null ? null : issuedAt + response
    return { username: 'u', password: `p${serial}`, issuedAt, expiresAt, domains: ['a.example.com'] }
  }
  const driver = createRegistryDriver({
    entry: {
      name: 'prod',
      values: {} as RegistryValues,
      source: { key: options.key ?? 'fp', sharedSession: options.sharedSession ?? false, get },
      async verify() {
        const verdict = next(verdicts)
        if (verdict instanceof Error) throw verdict
        return verdict
      },
      ...(options.mayPull && { mayPull: options.mayPull }),
      ...(options.measure && { measure: options.measure }),
      ...(options.probe && { union: { probe: options.probe } as NonNullable<RegistryEntry['union']> }),
    },
    clock,
    cloudNow,
    random: () => options.random ?? 0.5,
    verifyIntervalMs: options.verifyIntervalMs ?? 0,
    initial: options.initial,
    onToken: (state) => tokens.push(state),
    onChange: ({ kind }) => events.push(kind),
    onMeasured: (registry, { width }) => widths.push(`${registry} ${width}`),
  })
  const refresh: RefreshFixture['refresh'] = {
    get state() {
      return driver.state
    },
    lead: (found) => driver.send({ type: 'lead', found }),
    found: (found) => driver.send({ type: 'found', found }),
    prove: () => driver.send({ type: 'prove' }),
    force: () => driver.send({ type: 'force' }),
    doubt: () => driver.send({ type: 'doubt' }),
    ask: (noticedAt) => driver.send({ type: 'ask', noticedAt }),
    join: () => driver.send({ type: 'join' }),
    stop: driver.stop,
  }
  return { clock, cloud, refresh, calls, tokens, events, responses, verdicts, widths }
}
