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
import { SKIP } from '../../kube/names.ts'
import type { Reader } from '../../kube/read/reader.ts'
import type { ShellCommand } from '../../lib/shell-command.ts'
import { summarize } from '../../lib/text.ts'
import { matchesGlobs } from '../../values/glob.ts'
import { type PodAdmission, type Reach, readPodAdmission, SEE_DOCTOR } from './pod-admission.ts'

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

/** Adds whether the admission policies work in these namespaces. */
export async function withAdmission(
  reader: Reader,
  ours: OurSide,
  namespaces: Iterable<string | undefined>,
): Promise<OurSide> {
  const views = [...new Set(namespaces)].flatMap((name) => ours.namespaces.get(name ?? 'default') ?? [])
  return { ...ours, admission: await readPodAdmission(reader, ours.release, views) }
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
  return secret.expiresAt === undefined || secret.expiresAt > now + LEAST_LIFE_MS
}

/** The Pods of a ServiceAccount, or of a template. */
export interface NewPods {
  readonly namespace: string
  readonly serviceAccount: string
  /** The names of pull secrets that the Pods have without an admission policy. */
  readonly list: readonly string[]
  /**
   * The images that are pulled with the other Secret, or its hosts with a slash behind. Empty: not
   * known. Only `admissionImages: acr` looks at images.
   */
  readonly images: readonly string[]
  /** True if the Pods have the label with which they opt out of the admission policy. */
  readonly optedOut?: boolean
}

/** Judges whether new Pods get our reference, by their list or by a proven admission policy. */
export function reachOf(ours: OurSide, { namespace, serviceAccount, list, images, optedOut }: NewPods): Reach {
  const { secretName, admission, targets, namespaces } = ours
  if (list.includes(secretName)) return { is: 'yes' }
  const view = namespaces.get(namespace)
  const isTarget = view !== undefined && targets?.includes(view) === true && targets.takesServiceAccount(serviceAccount)
  if (admission === undefined || !isTarget) return { is: 'no' }
  if (optedOut) return { is: 'no', why: `its Pods opted out with the label ${SKIP}` }
  const { tried, elsewhere, includesImage } = admission
  const result = tried.get(namespace)
  if (result === undefined) return elsewhere
  if (result === 'unreferenced') {
    const why = `a Pod created in namespace ${namespace} as a dry run did not get ${secretName}`
    return { is: 'no', why, fix: SEE_DOCTOR }
  }
  if (includesImage === undefined) return { is: 'yes' }
  if (images.length === 0)
    return { is: 'unknown', why: 'its images, on which `admissionImages: acr` depends, are not known' }
  const left = images.filter((image) => !includesImage(image)).map((image) => image.replace(/\/$/, ''))
  if (left.length === 0) return { is: 'yes' }
  const why = `\`admissionImages: acr\` leaves out ${summarize(left)}`
  return { is: 'no', why, fix: 'Add the host to `domains` of its registry in the values.' }
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
