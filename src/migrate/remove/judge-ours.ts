import { isCoveredBy, parseImage } from '../../acr/image-reference.ts'
import { matchesGlobs } from '../../values/glob.ts'
import type { OurSide } from './our-side.ts'

/** How much longer a credential must be valid, because clocks differ and a removal takes time (milliseconds). */
const LEAST_LIFE_MS = 2 * 60_000

/** Whether the namespace has our unchanged pull secret with valid credentials. */
export function isCurrent({ secrets, now }: OurSide, namespace: string): boolean {
  const secret = secrets.get(namespace)
  if (secret === undefined || !secret.ours || !secret.intact || secret.registries.length === 0) return false
  return secret.expiresAt === undefined || secret.expiresAt > now + LEAST_LIFE_MS
}

/** Whether a new Pod of the ServiceAccount would get our reference. */
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
 * Why the namespace's pull secret cannot pull an image: none of its registries has the image's domain, or none with it may pull
 * the repository (`repositories`: what RAM allows). Undefined: it can.
 */
export function coverageGap(
  { secrets, release }: OurSide,
  namespace: string,
  image: string,
): 'domain' | 'repository' | undefined {
  const reference = parseImage(image)
  const inside = secrets.get(namespace)?.registries ?? []
  const covering = (release?.status?.registries ?? []).filter(
    ({ name, domains }) => inside.includes(name) && domains.some((domain) => isCoveredBy(domain, reference)),
  )
  if (covering.length === 0) return 'domain'
  const mayPull = ({ name }: { readonly name: string }): boolean => {
    const configured = release?.config?.registries.find((registry) => registry.name === name)
    const globs = configured?.edition === 'static' ? ['*'] : (configured?.repositories ?? ['*'])
    return matchesGlobs(globs.map(repositoryGlob), reference.repository)
  }
  return covering.some(mayPull) ? undefined : 'repository'
}

/** As the RAM policy reads it: a name without a slash is a namespace. */
function repositoryGlob(glob: string): string {
  return glob === '*' || glob.includes('/') ? glob : `${glob}/*`
}

/** Why acr-nopass cannot take over anything yet. */
export function releaseProblems({ release, available }: OurSide): readonly Dependent[] {
  const doctor = 'Run `acr-nopass doctor`: it says what is wrong.'
  if (release === undefined) {
    const fix = 'Install it beside the old helper; `acr-nopass import` writes its values.'
    return [{ subject: 'the cluster', why: 'acr-nopass is not installed here', fix }]
  }
  const subject = `release ${release.namespace}/${release.name}`
  const { config, status } = release
  if (config === undefined || status === undefined)
    return [{ subject, why: 'its helper has not reported', fix: doctor }]
  if (config.dryRun || config.retire) {
    const key = config.dryRun ? 'dryRun' : 'retire'
    return [{ subject, why: `\`${key}: true\` is set`, fix: `Take \`${key}\` out of the values.` }]
  }
  if (available === 0) return [{ subject, why: 'none of its Pods is ready', fix: doctor }]
  return status.registries
    .filter(({ state }) => state !== 'live')
    .map(({ name, state }) => ({ subject: `registry ${name}`, why: `it is ${state}`, fix: doctor }))
}

/** Something that could not pull any more without the old Secrets. */
export interface Dependent {
  readonly subject: string
  readonly why: string
  readonly fix: string
  /** The command, if one line is enough. */
  readonly command?: string
}
