import { loadConfig } from '../../src/release/load-config.ts'
import { createTargets, type Targets } from '../../src/release/targets.ts'
import type { HelperConfig } from '../../src/values/helper-config.generated.ts'
import { instanceOf } from './cloud.ts'
import type { Random } from './random.ts'

export const HOME = 'home'
export const SECRET = 'acr-nopass'
export const LEASE = 'helper'
export const STATUS = 'helper-status'

/** What does not change in a run. */
export interface Settings {
  readonly scope: 'cluster' | 'namespaces'
  readonly identity: 'worker-role' | 'rrsa' | 'access-key'
  /** `a` and `b` are instances; `s` is a static login. */
  readonly registries: readonly string[]
  /** Of a token, milliseconds. */
  readonly life: number
  readonly namespaces: number
  readonly verify: boolean
  readonly watchList: boolean
  readonly refreshRate: number
  /** Of the two replicas: how fast their clocks run, and how far they are ahead. */
  readonly rates: readonly [number, number]
  readonly ahead: readonly [number, number]
  /** Of the API server: how far its clock is ahead. */
  readonly serverAhead?: number
  /** Milliseconds in which faults begin. */
  readonly span: number
}

const MINUTE = 60_000

export function drawSettings(random: Random): Settings {
  const skew = (of = random): number => (of.chance(0.2) ? of.int(-3 * 3600, 3 * 3600) * 1000 : of.int(-500, 500))
  const rate = (): number => (random.chance(0.3) ? 0.98 + random() * 0.04 : 1)
  return {
    scope: random.chance(0.35) ? 'namespaces' : 'cluster',
    identity: random.pick(['worker-role', 'rrsa', 'access-key'] as const),
    registries: random.pick([['a'], ['a', 'b'], ['a', 'b'], ['a', 's'], ['a', 'b', 's'], ['s']]),
    life: random.pick([4, 15, 60]) * MINUTE,
    namespaces: random.pick([3, 6, 20]),
    verify: random.chance(0.8),
    watchList: random.chance(0.7),
    refreshRate: random.pick([2, 50]),
    rates: [rate(), rate()],
    ahead: [skew(), skew()],
    // Drawn apart: what seeds meant before stays.
    serverAhead: skew(random.fork('server')),
    span: random.pick([1, 3, 8]) * MINUTE,
  }
}

export const namesOf = (settings: Pick<Settings, 'namespaces'>): string[] =>
  Array.from({ length: settings.namespaces }, (_, index) => `t-${index}`)

/** A configuration in which something differs from the first. */
export type ConfigVariant =
  | 'first'
  | 'fewer'
  | 'labels'
  | 'typo'
  | 'moved'
  | 'no-identity'
  | 'broken'
  | 'unreadable'
  | 'other-identity'

/** What a reload draws from. */
export const VARIANTS: readonly ConfigVariant[] = [
  'first',
  'fewer',
  'labels',
  'typo',
  'moved',
  'no-identity',
  'broken',
  'unreadable',
]

/** Whether a helper that runs can take it up; another one stays with the configuration that it has. */
export const isUsable = (variant: ConfigVariant, { identity, registries }: Settings): boolean =>
  !['broken', 'unreadable'].includes(variant) &&
  // A static login needs no identity.
  !(variant === 'no-identity' && identity !== 'rrsa' && registries.some((name) => name !== 's'))

function identityOf(settings: Settings, variant: ConfigVariant): Settings['identity'] {
  if (variant === 'no-identity') return 'rrsa'
  if (variant !== 'other-identity') return settings.identity
  return settings.identity === 'worker-role' ? 'access-key' : 'worker-role'
}

/** The text of the configuration; all of it is JSON, so it is YAML too. */
export function configText(settings: Settings, variant: ConfigVariant): string {
  const { scope, registries } = settings
  const names = namesOf(settings)
  const all = scope === 'namespaces' ? names : ['t-*']
  const half = names.filter((_, index) => index % 2 === 1)
  const entries = registries.map((name, index) => ({
    name,
    edition: name === 's' ? 'static' : 'enterprise',
    ...(name === 's'
      ? { existingSecret: 's', domains: ['static.example.com'] }
      : { instanceId: instanceOf(variant === 'typo' && index === 0 ? 'typo' : name), region: 'cn-hangzhou' }),
    ...(index > 0 && { targets: { namespaces: { include: half } } }),
    ...(variant === 'moved' &&
      index === 0 && { domains: [...(name === 's' ? ['static.example.com'] : []), 'images.example.com'] }),
  }))
  const identity = identityOf(settings, variant)
  const config = {
    registries: entries,
    targets: {
      namespaces: { include: all, ...(variant === 'fewer' && { exclude: ['t-1'] }) },
      serviceAccounts: { include: ['*'], exclude: ['ci-*'] },
    },
    region: 'cn-hangzhou',
    identity: {
      type: identity,
      ...(identity === 'access-key' && { accessKey: { existingSecret: 'key' } }),
      ...(identity === 'rrsa' && {
        rrsa: {
          roleArn: 'acs:ram::1234567890123456:role/r',
          oidcProviderArn: 'acs:ram::1234567890123456:oidc-provider/p',
        },
      }),
    },
    scope,
    attach: 'serviceAccounts',
    secretName: SECRET,
    refreshRate: settings.refreshRate,
    verify: { enabled: settings.verify, interval: '2m' },
    ...(variant === 'labels' && { secretLabels: { team: 'x' } }),
    release: {
      name: 'helper',
      namespace: HOME,
      fullname: 'helper',
      serviceAccount: 'helper',
      lease: LEASE,
      status: STATUS,
    },
  }
  if (variant === 'unreadable') return '{"registries": ['
  return JSON.stringify(variant === 'broken' ? { ...config, attach: 'nowhere' } : config)
}

export interface Known {
  readonly config: HelperConfig
  readonly targets: Targets
}

const known = new Map<string, Known>()

export function understand(text: string): Known {
  const found = known.get(text)
  if (found) return found
  const { config } = loadConfig(text)
  const read = { config, targets: createTargets(config) }
  if (known.size > 200) known.clear()
  known.set(text, read)
  return read
}
