import { keyOf } from '../../kube/types.ts'
import { matchesGlobs } from '../../values/glob.ts'
import type { LegacyFacts } from './collect-facts.ts'
import type { OldSecret } from './legacy-facts.ts'
import { coversWhole, type Dependent, isCurrent, type OurSide, repositoriesOn } from './our-side.ts'

/** The old helper's configuration. */
export interface Configured {
  readonly entries: readonly ConfiguredInstance[]
  /** Globs of hosts, the format of the add-on of 2019. */
  readonly patterns: readonly string[]
  /** The configuration exists but could not be understood, so its entries are not known. */
  readonly isUnknown?: boolean
}

export interface ConfiguredInstance {
  /** Such as `acr-registry-info[1]`. */
  readonly place: string
  /** Undefined: the Personal Edition of the region. */
  readonly instanceId: string | undefined
  /** Undefined: the cluster's own region. */
  readonly region: string | undefined
  readonly domains: readonly string[]
  /** ARN of the role with which another account's registry is called. */
  readonly assumeRole: string | undefined
}

/**
 * Finds instances and hosts that the old helper serves and acr-nopass does not, from its
 * configuration and from each of its Secrets. A host counts even if no user of it was found: a
 * template outside of the cluster, or with 0 replicas, cannot be seen.
 * @param reported namespaces that are already reported if they have no current pull secret
 */
export function findUncovered(
  facts: LegacyFacts,
  ours: OurSide,
  configured: Configured,
  reported: readonly string[],
): readonly Dependent[] {
  const found = [
    ...(configured.isUnknown ? [NOT_UNDERSTOOD] : []),
    ...configured.entries.flatMap((entry) => judgeEntry(entry, ours, facts.region)),
    ...configured.patterns.flatMap((pattern) => judgePattern(pattern, ours)),
    ...judgeSecrets(facts.secrets, ours, reported),
    ...judgeCopies(facts, ours),
    ...judgeUnseen(facts, configured),
  ]
  // The same host may be found in the configuration and in Secrets.
  return [...new Map(found.map((one) => [one.subject, one])).values()]
}

const CONFIG = 'ConfigMap kube-system/acr-configuration'
const NOT_UNDERSTOOD: Dependent = {
  subject: CONFIG,
  why: 'it was not understood, so which instances the old helper serves is not known',
  fix: 'Run `acr-nopass import`, which reports what is wrong in the ConfigMap.',
  confirm: CONFIG,
}

function judgeEntry(entry: ConfiguredInstance, ours: OurSide, ownRegion: string | undefined): readonly Dependent[] {
  const { place, instanceId, region = ownRegion, domains, assumeRole } = entry
  const registries = ours.release?.status?.registries ?? []
  const lost = domains.filter((domain) => !registries.some((registry) => coversWhole(registry.domains, domain)))
  const ofDomains = lost.map((domain) =>
    describeUncovered(domain, `${place} lists it, and no registry of acr-nopass has it`),
  )
  const ownRegistries = ours.release?.config?.registries ?? []
  if (instanceId !== undefined) {
    const idOf = (name: string): string | undefined => ownRegistries.find((one) => one.name === name)?.instanceId
    if (registries.some((registry) => (registry.instanceId ?? idOf(registry.name)) === instanceId)) return ofDomains
    const why = `${place} lists it, and no registry of acr-nopass is that instance`
    return [{ ...describeUncovered(instanceId, why), subject: `instance ${instanceId}` }, ...ofDomains]
  }
  const names = ownRegistries
    .filter(
      (registry) =>
        registry.edition !== 'static' && accountOf(registry.assumeRole?.at(-1)?.roleArn) === accountOf(assumeRole),
    )
    .map(({ name }) => name)
  const isOurs = registries.some(
    (registry) => registry.edition === 'personal' && registry.region === region && names.includes(registry.name),
  )
  if (isOurs) return ofDomains
  const host = region === undefined ? place : `registry.${region}.aliyuncs.com`
  const whose = assumeRole === undefined ? '' : ' of another account'
  const why = `${place} is the Personal Edition${whose} there, and no registry of acr-nopass is that`
  return [describeUncovered(host, why), ...ofDomains]
}

/**
 * Returns the account of an ARN `acs:ram::<account>:role/<name>`. Undefined: the cluster's own
 * account.
 */
function accountOf(arn: string | undefined): string | undefined {
  return arn?.split(':')[3]
}

function judgePattern(pattern: string, { release }: OurSide): readonly Dependent[] {
  const domains = (release?.status?.registries ?? []).flatMap((registry) => registry.domains)
  if (domains.some((domain) => matchesGlobs([pattern.toLowerCase()], domain))) return []
  return [describeUncovered(pattern, '`acr-registry` lists it, and no registry of acr-nopass has such a domain')]
}

/** Returns one line per host, whatever the number of namespaces. */
function judgeSecrets(secrets: readonly OldSecret[], ours: OurSide, reported: readonly string[]): readonly Dependent[] {
  const found = secrets.flatMap((secret): readonly Dependent[] => {
    const { namespace = 'default', name } = secret.metadata
    const title = `Secret ${namespace}/${name}`
    if (secret.logins === undefined) {
      const why = 'the content of the Secret could not be read, so the registries of its logins are unknown'
      const fix = 'Use a kubeconfig that may read this Secret.'
      return [{ subject: title, why, fix, confirm: `${namespace}/${name}` }]
    }
    if (!isCurrent(ours, namespace)) {
      if (reported.includes(namespace)) return []
      const why = `it holds logins, and its namespace has no current pull secret ${ours.secretName}`
      const fix = 'Add the namespace to `targets.namespaces` of the values.'
      return [{ subject: title, why, fix, confirm: `${namespace}/${name}` }]
    }
    return secret.logins.hosts.flatMap((host) => {
      const globs = repositoriesOn(ours, namespace, host)
      if (globs.includes('*')) return []
      if (globs.length === 0) {
        return [
          describeUncovered(
            host,
            `${title} holds a login for it, and no registry of acr-nopass has it in that namespace`,
          ),
        ]
      }
      const why = `${title} holds a login for all its repositories, and acr-nopass pulls only ${globs.join(', ')}`
      return [
        {
          ...describeUncovered(host, why),
          fix: 'Add what else is pulled to `repositories` of the registry in the values.',
        },
      ]
    })
  })
  const groups = Map.groupBy(found, ({ subject }) => subject)
  return [...groups.values()].flatMap(([first, ...more]) => {
    if (first === undefined) return []
    return [more.length === 0 ? first : { ...first, why: `${first.why} (and ${more.length} more Secrets)` }]
  })
}

/**
 * Reports copies, because a copy gets no new logins after the old helper is stopped. Without an old
 * helper and old Secrets there is nothing to copy.
 */
function judgeCopies(
  { copies, unseenCopies, secrets, deployments }: LegacyFacts,
  { secretName }: OurSide,
): readonly Dependent[] {
  if (secrets.length === 0 && deployments.length === 0) return []
  const found = copies.map(({ secret, why }): Dependent => {
    return {
      subject: `Secret ${secret}`,
      why: `${why}, so it may get its logins from the old helper`,
      fix: `Let what pulls with it name ${secretName}, and delete it together with what writes it.`,
      confirm: secret,
    }
  })
  return unseenCopies === undefined
    ? found
    : [...found, { ...UNSEEN_COPIES, why: `${UNSEEN_COPIES.why} (${unseenCopies})` }]
}

const OTHERS = 'pull secrets of other names'
const UNSEEN_COPIES: Dependent = {
  subject: OTHERS,
  why: 'these Secrets could not be read, and another program may write logins of the old helper into them',
  fix: 'Use a kubeconfig that may list Secrets in all namespaces.',
  confirm: OTHERS,
}

/** Reports an old helper without any Secret, because it may be about to write its first Secret. */
function judgeUnseen({ deployments, secrets }: LegacyFacts, configured: Configured): readonly Dependent[] {
  const { entries, patterns, isUnknown } = configured
  if (secrets.length + entries.length + patterns.length > 0 || isUnknown) return []
  return deployments.map(({ metadata }) => {
    const subject = `Deployment ${keyOf(metadata)}`
    const why = 'neither its configuration nor a Secret of it shows what it serves'
    return { subject, why, fix: 'Run this again once it has written its Secrets.', confirm: subject }
  })
}

function describeUncovered(name: string, why: string): Dependent {
  return { subject: name, why, fix: 'Add it to `registries` of the values.', confirm: name }
}
