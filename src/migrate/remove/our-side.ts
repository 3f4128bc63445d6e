import { isCoveredBy, parseImage } from '../../acr/registry-domains.ts'
import {
  askForName,
  findRelease,
  noteUnknown,
  type ReleaseChoice,
  type ReleaseFacts,
} from '../../installation/find-release.ts'
import { itemsOf } from '../../installation/helper-status.ts'
import type { SecretView } from '../../installation/object-views.ts'
import { createSecretTransforms, readPullSecrets } from '../../installation/read-pull-secrets.ts'
import { createTargets } from '../../installation/targets.ts'
import { METADATA_ONLY_LIST } from '../../kube/client.ts'
import { releaseSelector } from '../../kube/names.ts'
import type { Reader } from '../../kube/read/reader.ts'
import type { ShellCommand } from '../../lib/shell-command.ts'
import { matchesGlobs } from '../../values/glob.ts'

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
  const [namespaces, secrets, available, admission] = await Promise.all([
    reader.list('Namespaces', '/api/v1/namespaces', {
      accept: METADATA_ONLY_LIST,
      transform: transforms.namespace,
    }),
    readPullSecrets(reader, secretName, transforms),
    release === undefined ? 0 : readAvailable(reader, release),
    config === undefined || config.attach === 'serviceAccounts' ? false : hasPodPolicy(reader, config.release.name),
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
    secretName,
    /** Undefined without a readable configuration. */
    targets: config && createTargets(config),
    /** The number of the helper's Pods that are ready. */
    available,
    namespaces: new Map((namespaces ?? []).map((view) => [view.name, view])),
    /** Our pull secrets, by namespace. */
    secrets: secrets ?? new Map<string, SecretView>(),
    /** True if the admission policy adds the reference to each Pod of a target. */
    admission,
  }
}

async function readAvailable(reader: Reader, { namespace, fullname }: ReleaseFacts): Promise<number> {
  const found = await reader.get<{ readonly status?: { readonly readyReplicas?: number } }>(
    `Deployment ${namespace}/${fullname}`,
    `/apis/apps/v1/namespaces/${namespace}/deployments/${fullname}`,
  )
  return found?.status?.readyReplicas ?? 0
}

async function hasPodPolicy(reader: Reader, release: string): Promise<boolean> {
  const api = '/apis/admissionregistration.k8s.io/v1'
  const query = { labelSelector: releaseSelector(release) }
  const kinds = ['mutatingadmissionpolicies', 'mutatingadmissionpolicybindings']
  const found = await Promise.all(kinds.map((plural) => reader.list(plural, `${api}/${plural}`, { query })))
  return found.every((list) => list !== undefined && list.length > 0)
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
  return secret.expiresAt === undefined || secret.expiresAt > now + LEAST_LIFE_MS
}

/** True if a new Pod of the ServiceAccount would get our reference. */
export function isReferenced(
  { secretName, admission, targets, namespaces }: OurSide,
  { namespace, serviceAccount, list }: { namespace: string; serviceAccount: string; list: readonly string[] },
): boolean {
  if (list.includes(secretName)) return true
  const view = namespaces.get(namespace)
  return (
    admission && view !== undefined && targets?.includes(view) === true && targets.takesServiceAccount(serviceAccount)
  )
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

/** Explains why acr-nopass cannot replace the old helper yet. */
export function releaseProblems({ release, available, toName }: OurSide): readonly Dependent[] {
  const doctor = 'Run `acr-nopass doctor`: it shows what is wrong.'
  if (release === undefined) {
    const fix = toName ?? 'Install acr-nopass next to the old helper; `acr-nopass import` writes the values.'
    return [{ subject: 'the cluster', why: 'acr-nopass is not installed here', fix }]
  }
  const subject = `release ${release.namespace}/${release.name}`
  const { config, status, configHash } = release
  if (config === undefined || status === undefined)
    return [{ subject, why: 'its helper has not reported', fix: doctor }]
  if (config.dryRun || config.retire) {
    const key = config.dryRun ? 'dryRun' : 'retire'
    return [{ subject, why: `\`${key}: true\` is set`, fix: `Take \`${key}\` out of the values.` }]
  }
  // The helper's report and Secrets may still contain what the current values omit.
  if (status.configHash !== configHash)
    return [{ subject, why: 'its helper still uses an older configuration', fix: doctor }]
  if (available === 0) return [{ subject, why: 'none of its Pods is ready', fix: doctor }]
  return status.registries
    .filter(({ state }) => state !== 'live')
    .map(({ name, state }) => ({ subject: `registry ${name}`, why: `it is ${state}`, fix: doctor }))
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
