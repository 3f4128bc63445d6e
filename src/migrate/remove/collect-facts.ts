import { declaredBy } from '../../kube/managed-fields.ts'
import { keyOf, type ObjectMeta } from '../../kube/types.ts'
import { isRecord, recordsOf } from '../../lib/json.ts'
import { collectRights } from './collect-rights.ts'
import { findCopies, PULL_TYPES } from './find-copies.ts'
import {
  ADDON_KEY_SECRET,
  type AnyObject,
  appliedBy,
  describePart,
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
  stayingOf,
  type Workload,
} from './legacy-facts.ts'
import { describeWorkload, field, followsOwner, groupOf, list, ownerOf } from './workload.ts'

/** The objects of Alibaba's own helper and the objects that use it, without any login. */
export type LegacyFacts = ReturnType<typeof collectFacts>

/**
 * Collects the objects of the old helper and those that use it. `minor` is the minor version of
 * Kubernetes 1.x, if known.
 */
export function collectFacts(all: readonly AnyObject[], minor?: number) {
  // A kind of another API group may have the same name.
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
  const { rbac, sharedBindings, shared } = collectRights(
    objects,
    all.flatMap((object) => describeWorkload(object)),
    deployments,
  )
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
    /**
     * Why pull secrets with other names could not be read. Copies of old Secrets are then not
     * found.
     */
    unseenCopies: undefined as string | undefined,
    /** ServiceAccounts that name an old Secret. */
    accounts: of('ServiceAccount').flatMap((object) => describeAccount(object, isForeign)),
    /**
     * Unfinished Pods, and every object that contains a Pod template or the name of an old Secret.
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
      ...describePart(object),
      selector: selectorOf(object),
      declaredBy: gitOpsTool(object, ['f:spec']),
    })),
    webhooks: freeOf(webhooks).map(describePart),
    /** The helper's ServiceAccount, ClusterRole and own bindings, if nothing else needs them. */
    rbac,
    /** Bindings with further subjects, which must not be deleted. */
    sharedBindings,
    /** Objects that stay because something else uses them, each with the reason. */
    shared: [...stayingOf([...webhooks, ...others, ...judgedSecrets]), ...shared, ...stayingOf(configMaps)],
    configMap: freeOf(configMaps).map(describePart)[0],
    /** True if the key of a registered or self-built cluster exists. */
    addonKey: home('Secret').some(({ metadata }) => metadata.name === ADDON_KEY_SECRET),
    /** The cluster's own region, from the labels of its nodes. */
    region: of('Node').flatMap(({ metadata }) => metadata.labels?.['topology.kubernetes.io/region'] ?? [])[0],
    minor,
  }
}

/** True if anything of the old helper exists. */
export function hasLegacy(facts: LegacyFacts): boolean {
  const { configuration, secrets, accounts, deployments, rbac, configMap, webhooks } = facts
  const parts = [secrets, accounts, deployments, rbac, webhooks]
  return configuration !== undefined || configMap !== undefined || parts.some((some) => some.length > 0)
}

/** Counts the webhooks of a configuration that call the add-on's Service: all, some or none. */
export function webhooksOfHelper(object: AnyObject): 'all' | 'some' | 'none' {
  const webhooks = list(object, 'webhooks')
  const helpers = webhooks.filter((webhook) => {
    const { namespace, name } = field(field(webhook, 'clientConfig'), 'service')
    return namespace === LEGACY_NAMESPACE && LEGACY_SERVICES.includes(String(name))
  })
  if (helpers.length === 0) return 'none'
  return helpers.length === webhooks.length ? 'all' : 'some'
}

/** API groups of Kubernetes' own kinds that are collected here. */
const OWN_GROUPS: readonly string[] = ['', 'apps', 'batch', 'rbac.authorization.k8s.io', 'admissionregistration.k8s.io']

/** A ServiceAccount that names an old Secret, with its current list. */
export type LegacyAccount = ReturnType<typeof describeAccount>[number]

function describeAccount(
  { metadata, imagePullSecrets, secrets }: AnyObject,
  isForeign: (namespace: string, name: string) => boolean,
) {
  const { namespace = 'default' } = metadata
  const named = recordsOf(imagePullSecrets) as readonly { readonly name?: string }[]
  const others = recordsOf(secrets).map(({ name }) => String(name))
  const isOld = (name: string): boolean => LEGACY_SECRETS.includes(name) && !isForeign(namespace, name)
  // If the Secret of that name is the helper's, then the helper added the name to the list.
  const old = [...new Set(named.map(({ name = '' }) => name).filter(isOld))]
  const uses = others.filter(isOld)
  if (uses.length === 0 && old.length === 0) return []
  return [{ metadata: inNamespace(metadata), secrets: uses, imagePullSecrets: named, old }]
}

/**
 * Explains why a Secret with one of the helper's names does not belong to the helper. Undefined: it
 * does.
 */
function whyForeign({ metadata, type }: AnyObject): string | undefined {
  if (type !== undefined && !PULL_TYPES.includes(String(type))) return 'the Secret is not a pull secret'
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

/** True if the ConfigMap contains a key that the add-on's documents list. */
function isHelpersConfig({ metadata, data }: AnyObject): boolean {
  return metadata.name === LEGACY_CONFIG && isRecord(data) && LEGACY_CONFIG_KEYS.some((key) => key in data)
}

function isHelpersDeployment(object: AnyObject): boolean {
  const images = describeWorkload(object).flatMap((workload) => workload.images)
  return images.some(isHelpersImage)
}

/**
 * Returns the workloads whose own template decides. A ReplicaSet is omitted if its Deployment was
 * read.
 */
function judgedWorkloads(objects: readonly AnyObject[]): readonly Workload[] {
  const key = (group: string, kind: string, namespace: string, name: string): string =>
    `${group} ${kind} ${namespace}/${name}`
  // These kinds own nothing that has a template, and there are many such objects.
  const owners = objects.filter(({ kind }) => kind !== 'Pod' && kind !== 'ReplicaSet' && kind !== 'Job')
  const read = new Set(
    owners.map((object) => {
      const { kind, metadata } = object
      return key(groupOf(object), kind, metadata.namespace ?? 'default', metadata.name)
    }),
  )
  return objects
    .flatMap((object) => describeWorkload(object))
    .filter((workload) => {
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
