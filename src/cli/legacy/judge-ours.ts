import type { Dependent } from './dependent.ts'
import type { OurSide } from './our-side.ts'

/** So much longer has a credential to live, milliseconds: clocks differ, and a removal takes its time. */
const LEAST_LIFE_MS = 2 * 60_000

/** Whether the namespace has our pull secret, as we wrote it, with credentials that live. */
export function isCurrent({ secrets, now }: OurSide, namespace: string): boolean {
  const secret = secrets.get(namespace)
  if (secret === undefined || !secret.ours || !secret.intact || secret.registries.length === 0) return false
  return secret.expiresAt === undefined || secret.expiresAt > now + LEAST_LIFE_MS
}

/** Whether a Pod of the ServiceAccount would be made with our reference. */
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

/** Domains of the registries whose credentials are in the namespace's pull secret. */
export function coveredDomains({ secrets, release }: OurSide, namespace: string): readonly string[] {
  const inside = secrets.get(namespace)?.registries ?? []
  const registries = release?.status?.registries ?? []
  return registries.filter(({ name }) => inside.includes(name)).flatMap(({ domains }) => domains)
}

/** Why nothing at all can be left to acr-nopass yet. */
export function releaseProblems({ release, available }: OurSide): readonly Dependent[] {
  const doctor = 'Run `acr-nopass doctor`: it says what is wrong.'
  if (release === undefined) {
    const cure = 'Install it beside the old helper; `acr-nopass import` writes its values.'
    return [{ subject: 'the cluster', why: 'acr-nopass is not installed here', cure }]
  }
  const subject = `release ${release.namespace}/${release.name}`
  const { config, status } = release
  if (config === undefined || status === undefined)
    return [{ subject, why: 'its helper has not reported', cure: doctor }]
  if (config.dryRun || config.retire) {
    const key = config.dryRun ? 'dryRun' : 'retire'
    return [{ subject, why: `\`${key}: true\` is set`, cure: `Take \`${key}\` out of the values.` }]
  }
  if (available === 0) return [{ subject, why: 'none of its Pods is ready', cure: doctor }]
  return status.registries
    .filter(({ state }) => state !== 'live')
    .map(({ name, state }) => ({ subject: `registry ${name}`, why: `it is ${state}`, cure: doctor }))
}
