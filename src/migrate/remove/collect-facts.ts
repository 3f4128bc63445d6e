import { declaredBy } from '../../kube/managed-fields.ts'
import { keyOf, type ObjectMeta } from '../../kube/types.ts'
import { isRecord, recordsOf } from '../../lib/json.ts'
import { collectRights } from './collect-rights.ts'
import { findCopies, PULL_TYPES } from './find-copies.ts'
import {
  ADDON_KEY_SECRET,
  type AnyObject,
  appliedBy,
  describeSecret,
  freeOf,
  gitOpsTool,
  isHelpersImage,
  type Judged,
  LEGACY_CONFIG,
  LEGACY_CONFIG_KEYS,
  LEGACY_DEPLOYMENTS,
  LEGACY_NAMESPACE,
  LEGACY_SECRETS,
  LEGACY_SERVICES,
  part,
  stayingOf,
  type Workload,
} from './legacy-facts.ts'
import { describeWorkload, field, followsOwner, groupOf, list, ownerOf } from './workload.ts'

/** What exists of Alibaba's own helper and of its users, without any login. */
export type LegacyFacts = ReturnType<typeof collectFacts>

/**
 * Collects what belongs to the old helper. `minor` is that of Kubernetes 1.x, where it is known.
 */
export function collectFacts(all: readonly AnyObject[], minor?: number) {
  // A kind of another API group may have any name.
  const objects = all.filter((object) => OWN_GROUPS.includes(groupOf(object)))
  const of = (kind: string): readonly AnyObject[] => objects.filter((object) => object.kind === kind)
  const home = (kind: string): readonly AnyObject[] =>
    of(kind).filter(({ metadata }) => (metadata.namespace ?? LEGACY_NAMESPACE) === LEGACY_NAMESPACE)
  const named = home('Deployment').filter(({ metadata }) => LEGACY_DEPLOYMENTS.includes(metadata.name))
  const deployments = named.filter(isHelpersDeployment)
  const others = named
    .filter((object) => !deployments.includes(object))
    .map((object): Judged => ({ object, why: "its image is not that of Alibaba's own helper" }))
  const webhooks = of('MutatingWebhookConfiguration').flatMap((object): Judged[] => {
    const called = webhooksOfHelper(object)
    if (called === 'none') return []
    return [{ object, why: called === 'some' ? 'it has webhooks of others too' : appliedBy(object, ['f:webhooks']) }]
  })
  const configMaps = home('ConfigMap')
    .filter(isHelpersConfig)
    .map((object): Judged => ({ object, why: appliedBy(object, ['f:data']) }))
  const { rbac, sharedBindings, shared } = collectRights(objects, all.flatMap(describeWorkload), deployments)
  const secrets = of('Secret').map((secret) => ({ ...secret, metadata: inNamespace(secret.metadata) }))
  const judgedSecrets = secrets
    .filter(({ metadata }) => LEGACY_SECRETS.includes(metadata.name))
    .map((object): Judged => ({ object, why: whyForeign(object) }))
  const foreign = judgedSecrets.filter(({ why }) => why !== undefined).map(({ object }) => keyOf(object.metadata))
  const isForeign = (namespace: string, name: string): boolean => foreign.includes(`${namespace}/${name}`)
  return {
    /** The data of `acr-configuration`; undefined: absent. */
    configuration: configMaps[0] && textsOf(configMaps[0].object.data),
    secrets: freeOf(judgedSecrets).map(describeSecret),
    copies: findCopies(secrets, freeOf(judgedSecrets)),
    /** Why pull secrets of other names could not be read, so that copies are not seen. */
    unseenCopies: undefined as string | undefined,
    /** ServiceAccounts that name one of them. */
    accounts: of('ServiceAccount').flatMap((object) => describeAccount(object, isForeign)),
    /**
     * Pods that are not finished, and every object with a Pod template or the name of an old Secret
     * in it.
     */
    workloads: judgedWorkloads(all),
    /** Controllers of ReplicaSets, by `namespace/name`. */
    replicaSetOwners: new Map(
      of('ReplicaSet').flatMap(({ metadata }) => {
        const owner = ownerOf(metadata)
        return owner === undefined ? [] : [[keyOf(inNamespace(metadata)), owner] as const]
      }),
    ),
    deployments: deployments.map((object) => ({
      ...part(object),
      selector: selectorOf(object),
      declaredBy: gitOpsTool(object, ['f:spec']),
    })),
    webhooks: freeOf(webhooks).map(part),
    /**
     * The helper's ServiceAccount, its ClusterRole and bindings of it alone, if nothing else needs
     * them.
     */
    rbac,
    /** Bindings with further subjects, which must not be deleted. */
    sharedBindings,
    /** What stays because something else uses it too, each with the reason. */
    shared: [...stayingOf([...webhooks, ...others, ...judgedSecrets]), ...shared, ...stayingOf(configMaps)],
    configMap: freeOf(configMaps).map(part)[0],
    /** Whether the key of a registered or self-built cluster is there. */
    addonKey: home('Secret').some(({ metadata }) => metadata.name === ADDON_KEY_SECRET),
    /** The cluster's own region, as its nodes are labelled. */
    region: of('Node').flatMap(({ metadata }) => metadata.labels?.['topology.kubernetes.io/region'] ?? [])[0],
    minor,
  }
}

/** Whether there is any trace. */
export function hasLegacy(facts: LegacyFacts): boolean {
  const { configuration, secrets, accounts, deployments, rbac, configMap, webhooks } = facts
  const parts = [secrets, accounts, deployments, rbac, webhooks]
  return configuration !== undefined || configMap !== undefined || parts.some((some) => some.length > 0)
}

/**
 * Whether the add-on's Service is called by all webhooks of a configuration, by some, or by none.
 */
export function webhooksOfHelper(object: AnyObject): 'all' | 'some' | 'none' {
  const webhooks = list(object, 'webhooks')
  const helpers = webhooks.filter((webhook) => {
    const { namespace, name } = field(field(webhook, 'clientConfig'), 'service')
    return namespace === LEGACY_NAMESPACE && LEGACY_SERVICES.includes(String(name))
  })
  if (helpers.length === 0) return 'none'
  return helpers.length === webhooks.length ? 'all' : 'some'
}

/** Groups of the kinds that Kubernetes itself has and that are sorted out here. */
const OWN_GROUPS: readonly string[] = ['', 'apps', 'batch', 'rbac.authorization.k8s.io', 'admissionregistration.k8s.io']

/** A ServiceAccount that refers to an old Secret, with its current list. */
export type LegacyAccount = ReturnType<typeof describeAccount>[number]

function describeAccount(
  { metadata, imagePullSecrets, secrets }: AnyObject,
  isForeign: (namespace: string, name: string) => boolean,
) {
  const { namespace = 'default' } = metadata
  const named = recordsOf(imagePullSecrets) as readonly { readonly name?: string }[]
  const others = recordsOf(secrets).map(({ name }) => String(name))
  const isOld = (name: string): boolean => LEGACY_SECRETS.includes(name) && !isForeign(namespace, name)
  // An existing Secret of the name is the helper's, so the helper wrote the name.
  const old = [...new Set(named.map(({ name = '' }) => name).filter(isOld))]
  const uses = others.filter(isOld)
  if (uses.length === 0 && old.length === 0) return []
  return [{ metadata: inNamespace(metadata), secrets: uses, imagePullSecrets: named, old }]
}

/** Why a Secret with one of the helper's names is not the helper's; undefined: it is. */
function whyForeign({ metadata, type }: AnyObject): string | undefined {
  if (type !== undefined && !PULL_TYPES.includes(String(type))) return 'it is not a pull secret'
  const owner = ownerReference(metadata)
  if (owner !== undefined) return `${owner} owns it`
  const tool = declaredBy(metadata.managedFields, ['f:data'])
  return tool === undefined || HELPER_WRITER.test(tool) ? undefined : `${tool} applies it`
}

const HELPER_WRITER = /acr-credential/

function ownerReference(metadata: ObjectMeta): string | undefined {
  const { ownerReferences = [] } = metadata as { readonly ownerReferences?: readonly { kind: string; name: string }[] }
  const [first] = ownerReferences
  return first && `${first.kind} ${first.name}`
}

/** Keys of the add-on's configuration, by its documents. */
function isHelpersConfig({ metadata, data }: AnyObject): boolean {
  return metadata.name === LEGACY_CONFIG && isRecord(data) && LEGACY_CONFIG_KEYS.some((key) => key in data)
}

function isHelpersDeployment(object: AnyObject): boolean {
  const images = describeWorkload(object).flatMap((workload) => workload.images)
  return images.some(isHelpersImage)
}

/** Workloads whose own template decides; a ReplicaSet follows its Deployment, if that was read. */
function judgedWorkloads(objects: readonly AnyObject[]): readonly Workload[] {
  const key = (group: string, kind: string, namespace: string, name: string): string =>
    `${group} ${kind} ${namespace}/${name}`
  // None of these owns anything with a template of its own, and there are many.
  const owners = objects.filter(({ kind }) => kind !== 'Pod' && kind !== 'ReplicaSet' && kind !== 'Job')
  const read = new Set(
    owners.map((object) => {
      const { kind, metadata } = object
      return key(groupOf(object), kind, metadata.namespace ?? 'default', metadata.name)
    }),
  )
  return objects.flatMap(describeWorkload).filter((workload) => {
    return !followsOwner(workload, ({ group, kind, name }) => read.has(key(group, kind, workload.namespace, name)))
  })
}

function inNamespace(metadata: ObjectMeta): ObjectMeta {
  return { ...metadata, namespace: metadata.namespace ?? 'default' }
}

function textsOf(data: unknown): Readonly<Record<string, string>> {
  if (!isRecord(data)) return {}
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, value === null ? '' : String(value)]))
}

function selectorOf({ spec }: AnyObject): Readonly<Record<string, string>> {
  const selector = isRecord(spec) && isRecord(spec.selector) ? spec.selector.matchLabels : undefined
  return textsOf(selector)
}
