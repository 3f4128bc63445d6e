import { isCoveredBy, parseImage } from '../../acr/registry-domains.ts'
import { createUnions, type Served, type Unions } from '../../acr/unions.ts'
import { itemsOf } from '../../installation/helper-status.ts'
import type { NamespaceView } from '../../installation/object-views.ts'
import { createTargets, type Targets } from '../../installation/targets.ts'
import { meaningOf } from '../../kube/waiting-reasons.ts'
import { type ShellCommand, shell } from '../../lib/shell-command.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import type { Verdict } from '../finding.ts'
import type { ContainerFacts, Observed, PodFacts } from '../observed.ts'
import type { Explained } from './node-words.ts'

/** The input of every check of a Pod. */
export interface PodContext {
  readonly observed: Observed
  readonly config: HelperConfig
  readonly targets: Targets
  readonly unions: Unions
  readonly namespaces: ReadonlyMap<string, NamespaceView>
}

/** The result of a check: passed with the reason, failed, or unknown. */
export type StepResult =
  /** `isLast`: no further check matters for the container. */
  | { readonly state: 'ok' | 'unknown'; readonly detail: string; readonly isLast?: true }
  | { readonly state: 'wrong'; readonly detail: string; readonly verdict: Verdict }

/** Undefined: the check does not apply, and the report omits it. */
export type PodCheck = (pod: PodFacts, container: ContainerFacts, context: PodContext) => StepResult | undefined

export function describePod({ namespace, name }: PodFacts): ShellCommand | undefined {
  return shell`kubectl -n ${namespace} describe pod ${name}`
}

export function createPodContext(observed: Observed): PodContext | undefined {
  const { config } = observed.release ?? {}
  if (config === undefined) return undefined
  return {
    observed,
    config,
    targets: createTargets(config),
    unions: createUnions(config),
    namespaces: new Map((observed.namespaces ?? []).map((namespace) => [namespace.name, namespace])),
  }
}

/**
 * Returns the names of the registries that have a login for the image, by the helper's status and
 * by the values.
 */
export function coveringRegistries(image: string, { observed, config }: PodContext): readonly string[] {
  const reference = parseImage(image)
  const status = observed.release?.status ?? { registries: [] }
  return config.registries
    .filter(({ name, domains }) => {
      const used = itemsOf(status, name).flatMap((item) => item.domains)
      return [...used, ...(domains ?? [])].some((domain) => isCoveredBy(domain, reference))
    })
    .map(({ name }) => name)
}

/** Returns the credentials that serve one of these registries in a namespace. */
export function credentialsHere(
  namespace: string,
  registries: readonly string[],
  { namespaces, targets, unions }: PodContext,
): readonly Served[] {
  const view = namespaces.get(namespace)
  // Without the namespace's labels, its registries are not known.
  const here = view === undefined ? registries : targets.registriesOf(view)
  return unions.of(here).filter(({ entries }) => entries.some((name) => registries.includes(name)))
}

/**
 * Returns all registries given. If one Pod was requested, returns only those that cover its images.
 * `entriesOf` returns the names of the entries in the values that a registry stands for.
 */
export function registriesInFocus<T extends { readonly name: string }>(
  observed: Observed,
  registries: readonly T[],
  entriesOf: (registry: T) => readonly string[] = ({ name }) => [name],
): readonly T[] {
  const { focus } = observed
  const context = focus && createPodContext(observed)
  if (focus === undefined || context === undefined) return registries
  const covering = new Set(focus.pod.containers.flatMap(({ image }) => coveringRegistries(image, context)))
  return registries.filter((registry) => entriesOf(registry).some((name) => covering.has(name)))
}

/**
 * True if the helper has reported. Without its report, the domains of an instance are not known.
 */
export function knowsDomains({ observed }: PodContext): boolean {
  return observed.release?.status !== undefined
}

/** True if the container cannot start because of its image. */
export function isWaiting({ waiting }: ContainerFacts): boolean {
  return meaningOf(waiting ?? '') === 'cannot'
}

/** True if the node has the image: the container runs, ran, or was created. */
export function hasImage({ running, ended, created, waiting }: ContainerFacts): boolean {
  return running === true || ended === true || created === true || meaningOf(waiting ?? '') === 'present'
}

/** True if the Pod has a node that has reported about none of its containers. */
export function isUnreported({ node, containers }: Pick<PodFacts, 'node' | 'containers'>): boolean {
  return node !== undefined && containers.every((one) => one.waiting === undefined && !hasImage(one))
}

export function ok(detail: string): StepResult {
  return { state: 'ok', detail }
}

export function wrong(verdict: Verdict, detail: string = verdict.cause): StepResult {
  return { state: 'wrong', detail, verdict }
}

/**
 * Returns a failure that the node's message explains. The step omits the message, because the
 * finding contains it.
 */
export function explainedWrong({ quote, about: _, ...verdict }: Explained, pod: PodFacts): StepResult {
  return wrong({ command: describePod(pod), ...verdict, cause: `${verdict.cause}${quote}` }, verdict.cause)
}

/** Says how a Pod gets a change that applies to new Pods only. */
export function recreate({ isReplaced, owner }: PodFacts): string {
  if (isReplaced) return 'then delete the Pod'
  return owner === undefined
    ? 'then create the Pod again from its manifest'
    : `then let ${owner} create its Pods again (not every controller replaces a Pod that is deleted)`
}

export function unknown(detail: string): StepResult {
  return { state: 'unknown', detail }
}
