import { isCoveredBy, parseImage } from '../../acr/registry-domains.ts'
import {
  askForName,
  findRelease,
  noteUnknown,
  type ReleaseChoice,
  type ReleaseFacts,
} from '../../installation/find-release.ts'
import { itemsOf, type RegistryStatus } from '../../installation/helper-status.ts'
import type { SecretView } from '../../installation/object-views.ts'
import { createSecretTransforms, readPullSecrets } from '../../installation/read-pull-secrets.ts'
import { createTargets } from '../../installation/targets.ts'
import { METADATA_ONLY_LIST } from '../../kube/client.ts'
import type { Reader, Unread } from '../../kube/read/reader.ts'
import { type ShellCommand, shell } from '../../lib/shell-command.ts'
import { matchesGlobs } from '../../values/glob.ts'
import type { PodAdmission } from './pod-admission.ts'

/** The state of acr-nopass, which replaces the old helper. */
export type OurSide = Awaited<ReturnType<typeof readOurSide>>

/**
 * Reads the state of acr-nopass. Of Secrets only the metadata is read, and only of those with the
 * pull secret's name. `now` is in epoch milliseconds.
 */
export async function readOurSide(reader: Reader, choice: ReleaseChoice, now: number) {
  const { chosen: release, others } = await findRelease(reader, choice)
  // This state decides what is deleted. A release that the user did not name may be a tenant's,
  // even if it is the only one found.
  const isNamed = choice.namespace !== undefined && choice.release !== undefined
  if (release !== undefined && !isNamed) noteUnknown(reader, release)
  const config = release?.config
  const { secretName, transforms } = createSecretTransforms(release)
  const [namespaces, secrets, available] = await Promise.all([
    reader.list('Namespaces', '/api/v1/namespaces', {
      accept: METADATA_ONLY_LIST,
      transform: transforms.namespace,
    }),
    readPullSecrets(reader, secretName, transforms),
    release === undefined ? 0 : readAvailable(reader, release),
  ])
  return {
    now,
    /** Undefined: not installed. */
    release,
    /**
     * The releases of which the user has to name one, because no cluster-scoped object proves that
     * the chart installed them.
     */
    toName: release === undefined ? askForName(others) : undefined,
    /** True if no release was found, but a release may exist where nothing could be read. */
    isReleaseUnread: release === undefined && isReleaseUnread(reader.unread),
    secretName,
    /** Undefined without a readable configuration. */
    targets: config && createTargets(config),
    /** The number of the helper's Pods that are ready. */
    available,
    namespaces: new Map((namespaces ?? []).map((view) => [view.name, view])),
    /** Our pull secrets, by namespace. */
    secrets: secrets ?? new Map<string, SecretView>(),
    /** Undefined: no admission policy adds the reference, or nothing was tried yet. */
    admission: undefined as PodAdmission | undefined,
  }
}

/** The words for a release that may exist. */
export const RELEASE_UNREAD = 'whether acr-nopass is installed could not be read'
export const READ_RELEASE = 'Use a kubeconfig that may list ConfigMaps in all namespaces.'

/** True if the ConfigMaps, which show the releases, could not be read. */
export function isReleaseUnread(unread: readonly Unread[]): boolean {
  return unread.some(({ what }) => what.startsWith('ConfigMaps'))
}

async function readAvailable(reader: Reader, { namespace, fullname }: ReleaseFacts): Promise<number> {
  const found = await reader.get<{ readonly status?: { readonly readyReplicas?: number } }>(
    `Deployment ${namespace}/${fullname}`,
    `/apis/apps/v1/namespaces/${namespace}/deployments/${fullname}`,
  )
  return found?.status?.readyReplicas ?? 0
}

/**
 * How much longer a credential must be valid, in milliseconds. Clocks differ, and a removal takes
 * time.
 */
const LEAST_LIFE_MS = 2 * 60_000

/** True if the namespace has our unchanged pull secret with valid credentials. */
export function isCurrent({ secrets, now }: OurSide, namespace: string): boolean {
  const secret = secrets.get(namespace)
  if (secret === undefined || !secret.ours || !secret.intact || secret.registries.length === 0) return false
  // Without the annotation, nothing shows that the credentials are valid.
  if (secret.expiresAt === undefined) return false
  return secret.expiresAt === null || secret.expiresAt > now + LEAST_LIFE_MS
}

/**
 * Explains why the namespace's pull secret cannot pull an image: no registry in it has the image's
 * domain, or RAM allows none of them to pull the repository (`repositories`). Undefined: the Secret
 * can pull the image.
 */
export function coverageGap(
  { secrets, release }: OurSide,
  namespace: string,
  image: string,
): 'domain' | 'repository' | undefined {
  const reference = parseImage(image)
  const inside = secrets.get(namespace)?.registries ?? []
  const status = release?.status ?? { registries: [] }
  const covering = inside.filter((name) =>
    itemsOf(status, name).some(({ domains }) => domains.some((domain) => isCoveredBy(domain, reference))),
  )
  if (covering.length === 0) return 'domain'
  const globs = covering.flatMap((name) => repositoriesOf(release, name))
  return matchesGlobs(globs, reference.repository) ? undefined : 'repository'
}

/**
 * Returns which repositories the namespace's pull secret may pull from a host (or `host/path`), as
 * globs. Empty: no login covers the whole host.
 */
export function repositoriesOn({ secrets, release }: OurSide, namespace: string, host: string): readonly string[] {
  const inside = secrets.get(namespace)?.registries ?? []
  const status = release?.status ?? { registries: [] }
  return inside
    .filter((name) => itemsOf(status, name).some(({ domains }) => coversWhole(domains, host)))
    .flatMap((name) => repositoriesOf(release, name))
}

/** True if one of the domains is the host, or contains the host's path. */
export function coversWhole(domains: readonly string[], host: string): boolean {
  return domains.some((domain) => domain === host || host.startsWith(`${domain}/`))
}

function repositoriesOf(release: ReleaseFacts | undefined, name: string): readonly string[] {
  const configured = release?.config?.registries.find((registry) => registry.name === name)
  const globs = configured?.edition === 'static' ? ['*'] : (configured?.repositories ?? ['*'])
  return globs.map(repositoryGlob)
}

/** Reads a glob as the RAM policy does: a name without a slash is a namespace. */
function repositoryGlob(glob: string): string {
  return glob === '*' || glob.includes('/') ? glob : `${glob}/*`
}

const RUN_DOCTOR = 'Run `acr-nopass doctor`: it shows what is wrong.'

/** Explains why acr-nopass cannot replace the old helper yet. */
export function releaseProblems({ release, available, toName }: OurSide): readonly Dependent[] {
  if (release === undefined) {
    const fix = toName ?? 'Install acr-nopass next to the old helper; `acr-nopass import` writes the values.'
    return [{ subject: 'the cluster', why: 'acr-nopass is not installed here', fix }]
  }
  const subject = `release ${release.namespace}/${release.name}`
  const { config, status, configHash } = release
  if (config === undefined || status === undefined)
    return [{ subject, why: 'its helper has not reported', fix: RUN_DOCTOR }]
  if (config.retire) return [{ subject, why: '`retire: true` is set', fix: 'Take `retire` out of the values.' }]
  // The helper's report and Secrets may still contain what the current values omit.
  if (status.configHash !== configHash)
    return [{ subject, why: 'its helper still uses an older configuration', fix: RUN_DOCTOR }]
  if (available === 0) return [{ subject, why: 'none of its Pods is ready', fix: RUN_DOCTOR }]
  return status.registries.flatMap((registry) => registryProblem(registry, config.verify.enabled))
}

/**
 * Explains why a registry's credential is no proof that Pods can pull with it. A removal needs
 * proof, so a credential that doctor only warns of is a problem here. Without `verify`, nobody
 * checks the login, and the release's owner vouches for it.
 */
function registryProblem({ name, state, verified, limit }: RegistryStatus, isVerified: boolean): readonly Dependent[] {
  const subject = `registry ${name}`
  if (state !== 'live') return [{ subject, why: `it is ${state}`, fix: RUN_DOCTOR }]
  if (verified === 'unreachable' || verified === 'refused')
    return [{ subject, why: 'its helper has not seen the registry accept the login', fix: RUN_DOCTOR }]
  // A new leader does not know what the leader before saw.
  if (verified === 'skipped' && isVerified) {
    const why = 'its helper has not checked the login since it started'
    const fix = 'Request a new login, which is checked at once, or wait for the next check (`verify.interval`).'
    return [{ subject, why, fix, command: shell`acr-nopass refresh` }]
  }
  if (limit === undefined || limit.granted === 'granted') return []
  const why = `nothing shows that its limited login can pull (${limit.reason ?? 'no details'})`
  const fix =
    'Set `probe` of the entry to an existing private repository, leave `verify` on, and run `acr-nopass refresh`.'
  return [{ subject, why, fix }]
}

/** Something that may need the old helper. */
export interface Dependent {
  readonly subject: string
  readonly why: string
  readonly fix: string
  /**
   * The name with which the user confirms that this is no longer needed. Undefined: the user has to
   * fix it.
   */
  readonly confirm?: string
  /** The image that could no longer be pulled. */
  readonly image?: string
  /** The command, if one line is enough. */
  readonly command?: ShellCommand | undefined
}
