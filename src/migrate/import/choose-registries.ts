import { NopassError } from '../../errors.ts'
import type { DraftRegistry, GivenRegistry, GivenRole } from './values-draft.ts'
import { splitDomains, type WantedRegistry } from './wanted-registry.ts'

export interface ChosenRegistries {
  readonly registries: readonly DraftRegistry[]
  readonly errors: readonly NopassError[]
}

/** Converts each registry to values: one entry per instance, with its own name. */
export function chooseRegistries(wanted: readonly WantedRegistry[]): ChosenRegistries {
  const errors: NopassError[] = []
  const groups = new Map<string, WantedRegistry[]>()
  for (const one of wanted) {
    const key = one.instanceId ?? one.instanceName ?? `personal ${one.region}`
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  const names = new Set<string>()
  const registries = [...groups.values()].flatMap((group): readonly DraftRegistry[] => {
    const [first] = group
    if (first === undefined) return []
    const different = group.find((one) => one.assumeRole !== first.assumeRole || one.region !== first.region)
    if (different !== undefined) {
      const message = `\`${first.place}\` and \`${different.place}\` are one registry with two roles or regions`
      errors.push(new NopassError('IMPORT_SETTING', message, { hint: 'Keep the one of the two that works.' }))
      return []
    }
    return [describe(first, mergeDomains(group), names)]
  })
  return { registries, errors }
}

/** An entry without domains applies to all of them. */
function mergeDomains(group: readonly WantedRegistry[]): { given: readonly string[]; all: boolean } {
  return { given: group.flatMap(({ domains }) => domains), all: group.some(({ domains }) => domains.length === 0) }
}

function describe(
  wanted: WantedRegistry,
  { given, all }: { readonly given: readonly string[]; readonly all: boolean },
  names: Set<string>,
): DraftRegistry {
  const { instanceId, instanceName, region, place } = wanted
  const isPersonal = instanceId === undefined && instanceName === undefined
  const { network, domains, name } = splitDomains(given, { personal: isPersonal, region })
  const only = all ? 'all' : network
  const desired = isPersonal ? `personal-${region}` : (name ?? instanceName ?? instanceId ?? '')
  const values: GivenRegistry = {
    name: uniqueName(desired, names),
    edition: isPersonal ? 'personal' : 'enterprise',
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(instanceName === undefined ? {} : { instanceName }),
    region,
    ...(only === 'all' ? {} : { network: only }),
    ...(domains.length === 0 ? {} : { domains: [...new Set(domains)] }),
    ...(wanted.assumeRole === undefined ? {} : { assumeRole: [assumeRole(wanted.assumeRole, wanted.duration)] }),
  }
  const comments = [
    `From ${place}.`,
    ...(only === 'all' && given.length > 0 && !all
      ? ['All of its own domains get the credential; the old list named only some.']
      : []),
    ...(only === 'all' ? [] : [`The old list named only its ${only} domain.`]),
    ...(instanceName === undefined ? [] : ['Its id is not known here: looking it up needs the right cr:ListInstance.']),
  ]
  return { values, comments }
}

function assumeRole(roleArn: string, duration: number | undefined): GivenRole {
  return duration === undefined || duration === 3600 ? { roleArn } : { roleArn, durationSeconds: duration }
}

function uniqueName(desired: string, taken: Set<string>): string {
  const base = desired.slice(0, 60).replace(/-+$/, '')
  let name = base
  for (let count = 2; taken.has(name); count++) name = `${base}-${count}`
  taken.add(name)
  return name
}
