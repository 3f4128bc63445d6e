import { isDeepStrictEqual } from 'node:util'
import { NopassError } from '../../errors.ts'
import type { ReleaseTarget } from '../../helm/helm-flags.ts'
import { type ManifestObject, objectKey, objectTitle } from '../../helm/release/manifest.ts'
import { KubeApiError, unlessStatus } from '../../kube/api-error.ts'
import { APPLY, get, type KubeCall } from '../../kube/client.ts'
import { isTransient, pollUntil } from '../../kube/poll-until.ts'
import { discoverResources, objectPath, type ServedKind } from '../../kube/read/api-resources.ts'
import type { KubeObject } from '../../kube/types.ts'
import { isRecord } from '../../lib/json.ts'
import { summarize } from '../../lib/text.ts'
import { judgeRefusal, type Verdict } from './judge-dry-run.ts'
import type { OpenRelease } from './open-release.ts'

export interface DryRun {
  /** A title such as `Deployment shop/web`. */
  readonly object: string
  readonly verdict: Verdict
  /** How the live object differs from the object that an apply makes. */
  readonly drift: 'same' | 'differs' | 'absent' | 'unknown'
  /** The live values of the fields whose applied values differ. Undefined for a Secret. */
  readonly live?: unknown
}

export interface DryRunOptions {
  /**
   * True if helm applies on the server, which refuses conflicts and unknown fields. On the client,
   * helm sends patches of its own, which detect neither.
   */
  readonly serverSide: boolean
  /**
   * True if the deployed revision was applied on the client, and this one is applied on the server.
   * Helm takes over the fields first.
   */
  readonly takesOver?: boolean
  readonly force: boolean
  /**
   * Keys of the deployed revision's objects, which helm overwrites without checking their owner. If
   * undefined, every object counts as deployed.
   */
  readonly deployed: ReadonlySet<string> | undefined
  /** Namespaces that are created before the objects. */
  readonly coming: readonly string[]
  /** The release's hooks. Helm runs some of them before it creates the objects. */
  readonly hooks?: readonly ManifestObject[]
}

/**
 * Options for objects that are already deployed, to check whether they are still as they were
 * applied.
 */
export const AS_DEPLOYED: DryRunOptions = { serverSide: false, force: true, deployed: undefined, coming: [] }

/** How long requests are retried while an API server restarts or throttles (milliseconds). */
const PATIENCE_MS = 15_000

/**
 * Does a server-side dry run of every object as helm would apply it now, and compares it with the
 * live object. Nothing is written.
 */
export async function dryRunRelease(
  release: Pick<OpenRelease, 'client' | 'signal' | 'target'>,
  objects: readonly ManifestObject[],
  options: DryRunOptions,
): Promise<readonly DryRun[]> {
  const unread = new Map<string, string>()
  const resourceOf = await discoverResources(release, objects, (version, { message }) => unread.set(version, message))
  const made = [...objects, ...(options.hooks ?? [])]
    .filter(({ kind, apiVersion }) => kind === 'Namespace' && apiVersion === 'v1')
    .map(({ name }) => name)
  const circumstances = { ...options, coming: [...options.coming, ...made] }
  return Promise.all(
    objects.map(async (object): Promise<DryRun> => {
      const title = objectTitle(object)
      const resource = resourceOf(object)
      if (resource !== undefined) return { object: title, ...(await dryRun(release, resource, object, circumstances)) }
      const why = unread.get(object.apiVersion)
      return { object: title, drift: 'unknown', verdict: why === undefined ? missingKind(object) : skip(why) }
    }),
  )
}

const skip = (why: string): Verdict => ({ verdict: 'not checked', why })

function missingKind({ kind, apiVersion }: ManifestObject): Verdict {
  const error = new NopassError('HELM_CRD_MISSING', `the cluster does not serve ${kind} of ${apiVersion}`)
  return { verdict: 'refused', error }
}

async function dryRun(
  release: Pick<OpenRelease, 'client' | 'signal' | 'target'>,
  resource: ServedKind,
  object: ManifestObject,
  options: DryRunOptions,
): Promise<Omit<DryRun, 'object'>> {
  const { target } = release
  const path = objectPath(resource, object, target.namespace)
  const body = withOwner(object.body, target)
  const title = objectTitle(object)
  const judge = (error: unknown): Verdict => {
    if (!(error instanceof KubeApiError) || error.status === 401 || mayPass(error)) throw error
    return judgeRefusal(error, { title, coming: options.coming })
  }
  let live: KubeObject | undefined
  let found: Omit<DryRun, 'object' | 'verdict'> = { drift: 'unknown' }
  const send = async (call: KubeCall): Promise<Verdict> => {
    const after = await release.client.request(call, release.signal)
    if (live !== undefined) found = compare(object, projectOnto(body, live), projectOnto(body, after))
    return { verdict: 'accepted' }
  }
  const tryOut = async (): Promise<Verdict> => {
    live = await unlessStatus(get<KubeObject>(release, path), 404)
    found = { drift: live === undefined ? 'absent' : 'unknown' }
    if (live !== undefined && !isOurs(live, object, options, target)) {
      const message = `${title} exists and belongs to no release, or to another release`
      return { verdict: 'refused', error: new NopassError('HELM_OWNERSHIP', message) }
    }
    return send(callOf(path, body, live === undefined, options))
  }
  const verdict = await retryTransient(release.signal, () => tryOut().catch(judge))
  const isExact = options.serverSide && options.takesOver !== true
  if (verdict.verdict !== 'refused' || verdict.error.code === 'HELM_OWNERSHIP' || live === undefined || isExact) {
    return { verdict, ...found }
  }
  const isUnknown = UNKNOWN_FIELD.test(verdict.error.message)
  if (isUnknown && options.serverSide) return { verdict, ...found }
  const call = replacement(path, body, live)
  const replaced = await retryTransient(release.signal, () => send(call).catch(judge))
  return {
    verdict: replaced.verdict === 'refused' ? verdict : skip((isUnknown ? dropped : leftover)(verdict.error)),
    ...found,
  }
}

function compare(object: ManifestObject, is: unknown, becomes: unknown): Omit<DryRun, 'object' | 'verdict'> {
  if (isDeepStrictEqual(is, becomes)) return { drift: 'same' }
  return { drift: 'differs', ...(object.kind === 'Secret' ? {} : { live: differenceOf(is, becomes) }) }
}

/**
 * An apply keeps fields that were applied on the client and are no longer in the manifest. Examples
 * are the value of a variable that now has a `valueFrom`, or a port whose name another port takes.
 * The result may be invalid. Helm removes such fields, as a replacement does.
 */
function replacement(path: string, body: Readonly<Record<string, unknown>>, live: KubeObject): KubeCall {
  const { resourceVersion } = live.metadata
  const metadata = { ...(body.metadata as object), resourceVersion }
  const query = { fieldManager: 'helm', dryRun: 'All', fieldValidation: 'Ignore' }
  return { method: 'PUT', path, query, body: { ...body, metadata } }
}

/**
 * `ValidationError` in typed/validate.go of sigs.k8s.io/structured-merge-diff: only an apply
 * reports it.
 */
const UNKNOWN_FIELD = /field not declared in schema/

const dropped = ({ message }: Error): string =>
  `helm applies it on the client, and the API server drops a field that it does not know: ${message}`

const leftover = ({ message }: Error): string =>
  `helm also removes what the manifest no longer has; a dry run does not, and fails: ${message}`

/**
 * Internal errors of the API server that do not go away: a webhook that fails or refuses, and an
 * unknown field (`Apply` in pkg/util/managedfields/internal/structuredmerge.go of
 * k8s.io/apimachinery).
 */
const LASTING = /failed calling webhook|denied the request|failed to create typed patch object/

/** True if the API server failed only for a moment. */
function mayPass(error: unknown): boolean {
  return isTransient(error) && !LASTING.test((error as Error).message)
}

/** Retries, because the same request may succeed a moment later. Throws the last error. */
async function retryTransient<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  let result: { readonly value: T } | undefined
  let failure: unknown
  await pollUntil(PATIENCE_MS, signal, async () => {
    try {
      result = { value: await attempt() }
    } catch (error) {
      if (mayPass(error)) throw error
      failure = error
    }
    return true
  })
  if (result === undefined) throw failure
  return result.value
}

// Applies as Helm 4 does: patchResourceServerSide in
// https://github.com/helm/helm/blob/v4.3.1/pkg/kube/client.go. On the client, helm creates an
// object that is absent. For an existing object it computes a patch from three versions. An apply
// by force has the same effect on the object's fields. If fields are removed, a replacement has the
// same effect. https://github.com/helm/helm/blob/v3.22.0/pkg/kube/client.go: createResource,
// updateResource.
function callOf(
  path: string,
  body: Readonly<Record<string, unknown>>,
  isAbsent: boolean,
  { serverSide, force }: DryRunOptions,
): KubeCall {
  const common = { fieldManager: 'helm', dryRun: 'All' }
  if (serverSide) {
    const query = { ...common, force, fieldValidation: 'Strict' }
    return { method: 'PATCH', path, query, contentType: APPLY, body }
  }
  if (isAbsent) return { method: 'POST', path: path.slice(0, path.lastIndexOf('/')), query: common, body }
  return {
    method: 'PATCH',
    path,
    query: { ...common, force: true, fieldValidation: 'Ignore' },
    contentType: APPLY,
    body,
  }
}

const MANAGED_BY = 'app.kubernetes.io/managed-by'
const RELEASE_NAME = 'meta.helm.sh/release-name'
const RELEASE_NAMESPACE = 'meta.helm.sh/release-namespace'

/**
 * Decides ownership as helm does: existingResourceConflict and checkOwnership in
 * https://github.com/helm/helm/blob/v4.3.1/pkg/action/validate.go.
 */
function isOurs(
  { metadata: { labels = {}, annotations = {} } }: KubeObject,
  object: ManifestObject,
  { deployed }: DryRunOptions,
  { release, namespace }: ReleaseTarget,
): boolean {
  if (deployed === undefined || deployed.has(objectKey(object))) return true
  return (
    labels[MANAGED_BY] === 'Helm' &&
    annotations[RELEASE_NAME] === release &&
    annotations[RELEASE_NAMESPACE] === namespace
  )
}

/**
 * Adds the ownership labels and annotations that helm adds to every object. The manifest does not
 * show them.
 */
function withOwner(
  body: ManifestObject['body'],
  { release, namespace }: ReleaseTarget,
): Readonly<Record<string, unknown>> {
  const metadata = isRecord(body.metadata) ? body.metadata : {}
  const labels = { ...(metadata.labels ?? {}), [MANAGED_BY]: 'Helm' }
  const ownership = { [RELEASE_NAME]: release, [RELEASE_NAMESPACE]: namespace }
  return { ...body, metadata: { ...metadata, labels, annotations: { ...(metadata.annotations ?? {}), ...ownership } } }
}

/**
 * Returns the fields of `object` that have another value in `other`. Resource versions and the like
 * are not in a template.
 */
function differenceOf(object: unknown, other: unknown): unknown {
  if (!isRecord(object) || !isRecord(other)) return object
  const names = Object.keys(object).filter((name) => !isDeepStrictEqual(object[name], other[name]))
  return Object.fromEntries(names.map((name) => [name, differenceOf(object[name], other[name])]))
}

/**
 * Returns the fields of `object` that the template has. Other fields belong to other writers, and
 * some (a Lease's renewal, a status) change between two requests. A list is compared as a whole.
 */
export function projectOnto(template: unknown, object: unknown): unknown {
  if (!isRecord(template) || !isRecord(object)) return object
  return Object.fromEntries(Object.keys(template).map((key) => [key, projectOnto(template[key], object[key])]))
}

/** Returns the first refusal. Its message names the other refused objects. */
export function firstRefusal(runs: readonly DryRun[]): NopassError | undefined {
  const errors = runs.flatMap(({ verdict, object }) => (verdict.verdict === 'refused' ? [{ ...verdict, object }] : []))
  const [first, ...others] = errors
  if (first === undefined || others.length === 0) return first?.error
  const { code, message, hint, reason, place } = first.error
  const text = `${message}; also refused: ${summarize(others.map(({ object }) => object))}`
  return new NopassError(code, text, { hint, reason, place, cause: first.error })
}

/** Returns a note for each reason why objects were not checked. */
export function describeUnchecked(runs: readonly DryRun[]): readonly string[] {
  const byReason = new Map<string, string[]>()
  for (const { object, verdict } of runs) {
    if (verdict.verdict !== 'not checked') continue
    byReason.set(verdict.why, [...(byReason.get(verdict.why) ?? []), object])
  }
  return [...byReason].map(([why, objects]) => `not checked by a dry run: ${summarize(objects)}: ${why}`)
}
