import { NopassError } from '../errors.ts'
import type { RepositoryAccess } from '../policy/policy-document.ts'
import type { ResolvedRegistry, ResolvedValues } from '../values/generated/resolved-values.ts'
import { familyOf } from '../values/limited-entries.ts'
import { isEveryRepository, mergeRepositories } from '../values/repositories.ts'
import type { LoginInputs } from './login-inputs.ts'
import { fixedPassword, readRegistry } from './read-registry.ts'

/** A registry to log in to, and what the login may do there. */
export interface ChosenRegistry {
  /** The instance as the token source knows it. */
  readonly config: Omit<ResolvedRegistry, 'repositories' | 'existingSecret' | 'targets' | 'probe'>
  /** The domain by which the instance has to be found, and its likely name. */
  readonly lookUp?: { readonly domain: string; readonly instanceName: string | undefined }
  /** The domain that the user named, which is asked first. */
  readonly named?: string
  readonly repositories: readonly string[]
  /** An existing repository of the list, if the values name one. */
  readonly probe?: string
  readonly access: RepositoryAccess
}

export interface Choice {
  readonly registries: readonly ChosenRegistry[]
  /** What is not logged in to, and why. */
  readonly notes: readonly string[]
}

type ChoiceInputs = Pick<
  LoginInputs,
  | 'registry'
  | 'region'
  | 'registries'
  | 'repositories'
  | 'push'
  | 'create-repositories'
  | 'network'
  | 'expires-in-hours'
>

/**
 * Chooses the registries: the one that `registry` names, or entries of the values.
 * @param values Undefined: no values were given.
 * @throws INPUT_MISSING, INPUT_CONFLICT, INPUT_INVALID, LOGIN_FIXED_PASSWORD
 */
export function chooseRegistries(inputs: ChoiceInputs, values: ResolvedValues | undefined): Choice {
  refuseRepositories(inputs.repositories)
  if (inputs['create-repositories'] && !inputs.push) {
    throw new NopassError('INPUT_CONFLICT', 'create-repositories has no effect without `push: true`')
  }
  if (inputs.registry !== '') {
    if (values !== undefined || inputs.registries.length > 0) {
      const other = inputs.registries.length > 0 ? 'registries' : 'values'
      throw new NopassError('INPUT_CONFLICT', `registry and ${other} exclude each other`, {
        hint: 'Name one instance with `registry`, or entries of the values with `registries`.',
      })
    }
    return { registries: [namedRegistry(inputs)], notes: [] }
  }
  if (values === undefined) {
    throw new NopassError('INPUT_MISSING', 'no registry is given', {
      hint: 'Set `registry` (and `region`), or `values-files` and the names of its entries as `registries`.',
    })
  }
  return chooseEntries(inputs, values)
}

function namedRegistry(inputs: ChoiceInputs): ChosenRegistry {
  const { registry, region, network, repositories } = inputs
  const named = readRegistry(registry, region)
  const { edition } = named
  const hours = inputs['expires-in-hours']
  if (edition === 'personal' && hours > 0) throw withoutHours(registry)
  return {
    config: {
      ...UNNAMED,
      name: registry.toLowerCase(),
      edition,
      region: named.region,
      network,
      expiresInHours: hours || null,
      ...('instanceId' in named && { instanceId: named.instanceId }),
    },
    ...(!('instanceId' in named) && { named: registry.toLowerCase() }),
    ...('domain' in named && { lookUp: { domain: named.domain, instanceName: named.instanceName } }),
    repositories: repositoriesOf(inputs, repositories.length === 0 ? ['*'] : repositories),
    access: accessOf(inputs),
  }
}

const UNNAMED = { apiNetwork: 'auto', domains: [], limit: 'role', assumeRole: [] } satisfies Partial<ResolvedRegistry>

function chooseEntries(inputs: ChoiceInputs, values: ResolvedValues): Choice {
  const { registries: names, repositories, network } = inputs
  if (inputs.region !== '') {
    throw new NopassError('INPUT_CONFLICT', 'region has no effect without `registry`', {
      hint: 'Remove `region`: the entries of the values have their own.',
    })
  }
  const unknown = names.find((name) => !values.registries.some((entry) => entry.name === name))
  if (unknown !== undefined) {
    const known = values.registries.map(({ name }) => name).join(', ')
    throw new NopassError('INPUT_INVALID', `registries: the values have no entry "${unknown}"`, {
      hint: `Use one of ${known}.`,
    })
  }
  const meant = values.registries.filter(({ name }) => names.length === 0 || names.includes(name))
  const isFixed = ({ edition }: ResolvedRegistry): boolean => edition === 'static'
  const fixed = meant.filter(isFixed)
  const [first] = fixed
  if (first !== undefined && (names.length > 0 || fixed.length === meant.length)) {
    throw fixedPassword(`the entry ${first.name} with \`edition: static\``)
  }
  const groups = [
    ...Map.groupBy(
      meant.filter((entry) => !isFixed(entry)),
      familyOf,
    ).values(),
  ]
  if (repositories.length > 0 && groups.length > 1) {
    throw new NopassError('INPUT_CONFLICT', `repositories: the login is for ${groups.length} registries`, {
      hint: 'Name one entry with `registries`, or leave `repositories` out to use the list of each entry.',
    })
  }
  return {
    registries: groups.flatMap((entries) => {
      const united = uniteEntries(entries)
      if (united === undefined) return []
      const { probe } = united
      return {
        config: configOf(united, network, inputs['expires-in-hours']),
        repositories: repositoriesOf(inputs, repositories.length === 0 ? united.repositories : repositories),
        ...(probe !== undefined && repositories.length === 0 && { probe }),
        access: accessOf(inputs),
      }
    }),
    notes: fixed.map(({ name }) => `${name} is skipped: \`edition: static\` has only its fixed password`),
  }
}

/**
 * Unites the entries of one instance and chain of roles, because a Docker configuration holds one
 * login per domain.
 */
function uniteEntries(entries: readonly ResolvedRegistry[]): ResolvedRegistry | undefined {
  const [first] = entries
  if (first === undefined) return undefined
  const probe = entries.find((entry) => entry.probe !== undefined)?.probe
  const networks = new Set(entries.map((entry) => entry.network))
  return {
    ...first,
    name: entries.map(({ name }) => name).join(', '),
    network: networks.size === 1 ? first.network : 'all',
    domains: [...new Set(entries.flatMap(({ domains }) => domains))],
    repositories: [...mergeRepositories(entries.flatMap((entry) => entry.repositories))],
    ...(probe !== undefined && { probe }),
  }
}

function configOf(entry: ResolvedRegistry, network: LoginInputs['network'], hours: number): ChosenRegistry['config'] {
  const { repositories, existingSecret, targets, probe, ...config } = entry
  // `all` is the default of the input, so the entry decides.
  const chosen = network === 'all' ? entry.network : network
  if (hours === 0) return { ...config, network: chosen }
  if (entry.edition !== 'enterprise') throw withoutHours(entry.name)
  return { ...config, network: chosen, expiresInHours: hours }
}

function withoutHours(name: string): NopassError {
  return new NopassError('INPUT_CONFLICT', `expires-in-hours has no effect for ${name}, of the Personal Edition`)
}

function accessOf(inputs: ChoiceInputs): RepositoryAccess {
  if (!inputs.push) return 'pull'
  return inputs['create-repositories'] ? 'create' : 'push'
}

/**
 * A right to push to every repository must not be given by accident, so the user must write the
 * list.
 */
function repositoriesOf(inputs: ChoiceInputs, list: readonly string[]): readonly string[] {
  if (!inputs.push || inputs.repositories.length > 0 || !list.some(isEveryRepository)) return list
  throw new NopassError('INPUT_MISSING', 'push needs `repositories`', {
    hint: 'Name the repositories that this job pushes, such as `repositories: shop/web`; `*` allows all.',
  })
}

/** Like `RepositoryGlob` in schemas/values.schema.json. */
const GLOB = /^(\*|[a-z0-9*][a-z0-9._*-]*\/[a-z0-9*][a-z0-9._*-]*)$/

function refuseRepositories(repositories: readonly string[]): void {
  const wrong = repositories.find((one) => one.length > 190 || !GLOB.test(one))
  if (wrong === undefined) return
  throw new NopassError('INPUT_INVALID', `repositories: "${wrong}" is not namespace/repository`, {
    hint: 'Write `namespace/repository` without domain and tag, where `*` matches any characters.',
  })
}
