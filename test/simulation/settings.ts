import { loadConfig } from '../../src/installation/load-config.ts'
import { createTargets, type Targets } from '../../src/installation/targets.ts'
import type { HelperConfig } from '../../src/values/generated/helper-config.ts'
import { instanceOf } from './cloud.ts'
import type { Random } from './random.ts'

export const HOME = 'home'
export const SECRET = 'acr-nopass'
export const LEASE = 'helper'
export const STATUS = 'helper-status'

/** The settings of a run. */
export interface Settings {
  readonly scope: 'cluster' | 'namespaces'
  readonly identity: 'worker-role' | 'rrsa' | 'access-key'
  /** `a`, `a2` and `b` are instances. `a` and `a2` have the same domain. `s` is a static login. */
  readonly registries: readonly string[]
  /** The lifetime of a token in milliseconds. */
  readonly life: number
  readonly namespaces: number
  readonly verify: boolean
  readonly watchList: boolean
  /** The rates of the two replicas' clocks. */
  readonly rates: readonly [number, number]
  /** How many milliseconds the two replicas' clocks are ahead. */
  readonly ahead: readonly [number, number]
  /** How many milliseconds the API server's clock is ahead. */
  readonly serverAhead?: number
  /**
   * Undefined in plans that are older than these settings: then `serviceAccounts`, and neither
   * `adopt` nor `heal`.
   */
  readonly attach?: 'serviceAccounts' | 'admission' | 'both'
  readonly adopt?: boolean
  readonly heal?: boolean
  /** Adds three limited entries of one more instance, with one domain and lists of their own. */
  readonly limits?: boolean
  /** The time in milliseconds within which faults begin. */
  readonly span: number
}

const MINUTE = 60_000

export function drawSettings(random: Random): Settings {
  const skew = (source = random): number =>
    source.chance(0.2) ? source.int(-3 * 3600, 3 * 3600) * 1000 : source.int(-500, 500)
  const more = random.fork('more')
  const twin = random.fork('twin').chance(0.2)
  const rate = (): number => (random.chance(0.3) ? 0.98 + random() * 0.04 : 1)
  return {
    scope: random.chance(0.35) ? 'namespaces' : 'cluster',
    identity: random.pick(['worker-role', 'rrsa', 'access-key'] as const),
    registries: withTwin(random.pick([['a'], ['a', 'b'], ['a', 'b'], ['a', 's'], ['a', 'b', 's'], ['s']]), twin),
    life: random.pick([4, 15, 60]) * MINUTE,
    namespaces: random.pick([3, 6, 20]),
    verify: random.chance(0.8),
    watchList: random.chance(0.7),
    rates: [rate(), rate()],
    ahead: [skew(), skew()],
    // Drawn from a separate stream, so that existing seeds keep their plans.
    serverAhead: skew(random.fork('server')),
    attach: more.pick(['serviceAccounts', 'serviceAccounts', 'serviceAccounts', 'admission', 'both'] as const),
    adopt: more.chance(0.2),
    heal: more.chance(0.3),
    limits: random.fork('limits').chance(0.25),
    span: random.pick([1, 3, 8]) * MINUTE,
  }
}

/** `a2` has the domain of `a` (src/helper/credentials/own-copy.ts). */
function withTwin(registries: readonly string[], twin: boolean): readonly string[] {
  return twin && registries.includes('a') ? [...registries, 'a2'] : registries
}

export const namesOf = (settings: Pick<Settings, 'namespaces'>): string[] =>
  Array.from({ length: settings.namespaces }, (_, index) => `t-${index}`)

/** The initial configuration or one that differs from it. */
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
  | 'retire'

/** The variants that a reload may draw. */
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

/**
 * True if a running helper can load the configuration. If not, the helper keeps its current
 * configuration.
 */
export const isUsable = (variant: ConfigVariant, { identity, registries, limits }: Settings): boolean =>
  !['broken', 'unreadable'].includes(variant) &&
  // A static login needs no identity.
  !(variant === 'no-identity' && identity !== 'rrsa' && (limits === true || registries.some((name) => name !== 's')))

function identityOf(settings: Settings, variant: ConfigVariant): Settings['identity'] {
  if (variant === 'no-identity') return 'rrsa'
  if (variant !== 'other-identity') return settings.identity
  return settings.identity === 'worker-role' ? 'access-key' : 'worker-role'
}

/** The lists of the limited entries: what all namespaces may pull, and those of two teams. */
const LISTS: readonly (readonly string[])[] = [['base/*'], ['team-a/*', 'tools/app'], ['team-b/*']]

/** Returns the text of a configuration as JSON, which is valid YAML. */
export function configText(settings: Settings, variant: ConfigVariant): string {
  const { scope, registries } = settings
  const names = namesOf(settings)
  const all = scope === 'namespaces' ? names : ['t-*']
  const half = names.filter((_, index) => index % 2 === 1)
  // With `a2`, some namespaces get only `a2`, some get `a` and `a2`, and some only `a`.
  const third = names.filter((_, index) => index % 3 === 0)
  const hasTwin = registries.includes('a2')
  const targetsOf = (name: string, index: number): object | undefined => {
    if (name === 'a2') return { include: [...new Set([...third, ...half])] }
    if (index > 0) return { include: half }
    return hasTwin ? { include: names.filter((one) => !third.includes(one)) } : undefined
  }
  const entries = registries.map((name, index) => ({
    name,
    edition: name === 's' ? 'static' : 'enterprise',
    ...(name === 's'
      ? { existingSecret: 's', domains: ['static.example.com'] }
      : { instanceId: instanceOf(variant === 'typo' && index === 0 ? 'typo' : name), region: 'cn-hangzhou' }),
    ...(targetsOf(name, index) && { targets: { namespaces: targetsOf(name, index) } }),
    ...(variant === 'moved' &&
      index === 0 && { domains: [...(name === 's' ? ['static.example.com'] : []), 'images.example.com'] }),
  }))
  const identity = identityOf(settings, variant)
  const rest = names.filter((one) => !third.includes(one))
  // With other labels, the two teams have each other's namespaces.
  const teams = variant === 'labels' ? [rest, third] : [third, rest]
  const limited = [names, ...teams].map((include, index) => ({
    name: `l${index}`,
    edition: 'enterprise',
    instanceId: instanceOf('l'),
    region: 'cn-hangzhou',
    assumeRole: [{ roleArn: 'acs:ram::1234567890123456:role/puller' }],
    limit: 'repositories',
    repositories: LISTS[index],
    targets: { namespaces: { include } },
  }))
  const config = {
    registries: settings.limits ? [...entries, ...limited] : entries,
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
    attach: settings.attach ?? 'serviceAccounts',
    adopt: settings.adopt ?? false,
    heal: settings.heal ?? false,
    retire: variant === 'retire',
    secretName: SECRET,
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

export interface LoadedConfig {
  readonly config: HelperConfig
  readonly targets: Targets
}

const cache = new Map<string, LoadedConfig>()

/** Loads a configuration. The same text always gives the same object. */
export function loadCached(text: string): LoadedConfig {
  const found = cache.get(text)
  if (found) return found
  const { config } = loadConfig(text)
  const loaded = { config, targets: createTargets(config) }
  if (cache.size > 200) cache.clear()
  cache.set(text, loaded)
  return loaded
}
