import { NopassError } from '../../errors.ts'
import { loadConfig } from '../../installation/load-config.ts'
import { createTargets } from '../../installation/targets.ts'
import { unlessStatus } from '../../kube/api-error.ts'
import { get, type KubeCaller } from '../../kube/client.ts'
import { SKIP } from '../../kube/names.ts'
import type { KubeObject } from '../../kube/types.ts'
import { mayNodesServe } from '../inputs/check-verify-image.ts'
import type { Inputs } from '../inputs/input-table.ts'
import type { PreparedCluster } from '../inputs/prepare-cluster.ts'
import type { RenderedConfig } from '../release/release-parts.ts'

/** Prefix of the names of all objects that a probe creates. */
export const PROBE_PREFIX = 'acr-nopass-probe-'

/** Returns why the release is not verified. Undefined if it is. */
export function reasonNotToVerify(
  { verify, wait, 'verify-image': image }: Inputs,
  config: RenderedConfig | undefined,
): string | undefined {
  if (!verify) return 'verify is false'
  if (!wait) return 'wait is false'
  if (config === undefined) return 'the chart is not that of acr-nopass'
  if (!config.hasHelper) {
    return image === ''
      ? 'the values have helper.enabled: false'
      : 'the values have helper.enabled: false, and the ServiceAccount of a probe has no role of its own'
  }
  return config.retire ? 'the values have retire: true' : undefined
}

/**
 * True if a Pod without any pull secret shows whether a node can pull. The ServiceAccount of a
 * probe has no role of its own, so only the role of the node can pull for it.
 */
export function verifiesNode(
  inputs: Inputs,
  config: RenderedConfig | undefined,
  values: PreparedCluster['values'],
): boolean {
  const { verify, wait } = inputs
  return verify && wait && config?.hasHelper === false && mayPullByNode(inputs, values)
}

/**
 * True if, beside the helper, a Pod without any pull secret is to be pulled on a node with the
 * program. The pull shows nothing if the program has no login for the image.
 */
export function verifiesPluginNode(
  inputs: Inputs,
  config: RenderedConfig | undefined,
  values: PreparedCluster['values'],
): boolean {
  if (reasonNotToVerify(inputs, config) !== undefined || !mayPullByNode(inputs, values)) return false
  return mayNodesServe(values?.registries ?? [], inputs['verify-image'])
}

function mayPullByNode({ 'verify-image': image }: Inputs, values: PreparedCluster['values']): boolean {
  const { identity, fallback } = values?.node ?? {}
  return image !== '' && [identity, fallback].includes('worker-role')
}

/** Describes what is verified after the deploy, for a plan. */
export function describeVerification(
  inputs: Inputs,
  config: RenderedConfig | undefined,
  probe: ProbePlan | undefined,
  { isByNode = false, onPluginNode = false }: { readonly isByNode?: boolean; readonly onPluginNode?: boolean } = {},
): string {
  if (isByNode) return `a Pod without a Secret pulls ${inputs['verify-image']}`
  const reason = reasonNotToVerify(inputs, config)
  if (reason !== undefined) return `nothing, because ${reason}`
  const registries = 'every registry is live'
  if (probe === undefined) return `${registries}; no probe, because new namespaces are not among the targets`
  const { existing, attaches } = probe
  const image = inputs['verify-image']
  return [
    registries,
    existing ? `namespace ${existing} has its Secret` : 'a new namespace gets its Secret',
    ...(attaches ? ['a new Pod gets the reference'] : []),
    ...(attaches && image !== '' ? [`a Pod pulls ${image}`] : []),
    ...(onPluginNode ? [`a Pod without a Secret pulls ${image} on a node with the program`] : []),
  ].join(', ')
}

/** The place of the verification, and what it expects there. */
export interface ProbePlan {
  /** Undefined if a namespace is created. */
  readonly existing: string | undefined
  /** The registries whose logins the Secret has in this namespace. */
  readonly registries: readonly string[]
  /** True if the ServiceAccount of the probe must get the reference. */
  readonly attaches: boolean
}

/**
 * Plans a probe in a new namespace. Undefined if a new namespace is not a target: because of a
 * selector, or of globs that do not match it.
 */
export function planNewNamespace({ values, settings }: CoveredCluster): ProbePlan | undefined {
  if (values === undefined || values.scope === 'namespaces') return undefined
  const { selector } = values.targets.namespaces
  const selects = Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length
  const targets = createTargets({ ...values, release: settings })
  const registries = targets.registriesOf(NEW_NAMESPACE)
  if (selects > 0 || registries.length === 0) return undefined
  return { existing: undefined, registries, attaches: targets.takesServiceAccount('default') }
}

interface CoveredCluster extends Pick<PreparedCluster, 'values'> {
  readonly settings: Pick<PreparedCluster['settings'], 'namespace'>
}

const NEW_NAMESPACE = {
  name: `${PROBE_PREFIX}00000000`,
  uid: '',
  resourceVersion: '',
  labels: {},
  optedOut: false,
  terminating: false,
}

/**
 * Plans a probe in an existing namespace.
 * @throws VERIFY_NAMESPACE if the helper does not write into this namespace
 */
export async function planExistingNamespace(
  caller: KubeCaller,
  name: string,
  { text }: Pick<RenderedConfig, 'text'>,
): Promise<ProbePlan> {
  const { config } = loadConfig(text)
  const targets = createTargets(config)
  const namespace = await unlessStatus(get<KubeObject>(caller, `/api/v1/namespaces/${name}`), 404)
  const refuse = (why: string): NopassError =>
    new NopassError('VERIFY_NAMESPACE', `namespace ${name} ${why}. Nothing was written.`)
  if (namespace === undefined) throw refuse('does not exist')
  if (namespace.metadata.deletionTimestamp !== undefined) throw refuse('is being deleted')
  const { labels = {}, uid, resourceVersion } = namespace.metadata
  if (labels[SKIP] === 'true') throw refuse(`carries the label ${SKIP}: "true"`)
  const view = { name, uid, resourceVersion, labels, optedOut: false, terminating: false }
  if (!targets.includes(view)) throw refuse('is not a target of any registry in the values')
  return {
    existing: name,
    registries: targets.registriesOf(view),
    attaches: targets.takesServiceAccount(`${PROBE_PREFIX}00000000`),
  }
}
