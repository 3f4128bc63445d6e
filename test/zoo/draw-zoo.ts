import { createRandom, type Random } from '../simulation/random.ts'
import { DEFECTS, type Defect } from './defects.ts'
import type { ZooObject } from './kinds.ts'
import {
  CUSTOM,
  DEMO,
  dockerSecret,
  ELSEWHERE,
  OLD_HELPER,
  OLD_LOGIN,
  OLD_SECRETS,
  OTHER,
  object,
  PERSONAL,
  PERSONAL_VPC,
  type Use,
  type Workload,
  workload,
} from './objects.ts'
import type { Consumer, Operation } from './rules.ts'
import { drawWaiting, type WaitingPod } from './waiting-pods.ts'

export const NAMESPACES: readonly string[] = ['shop', 'web', 'data', 'team-a', 'team-b']
export const HOME = 'acr-nopass'
export const MADE_HOME = 'acr-made'
export const SECOND_HOME = 'acr-second'
export const SECRET = 'acr-nopass'

/** One object to be written. */
export interface Written {
  readonly object: ZooObject
  /** The field manager (default: kubectl's client-side apply). */
  readonly manager?: string
  /** Written by server-side apply, like GitOps tools do. */
  readonly applied?: boolean
  readonly status?: object
  /** The fields are merged into an existing object. */
  readonly merge?: boolean
}

/**
 * One property of a cluster. A zoo is a combination of several features, and each feature can be
 * omitted.
 */
export interface Feature {
  readonly title: string
  /** Written before the helper first runs. */
  readonly early?: readonly Written[]
  /** Written once ServiceAccounts name the pull secret. */
  readonly late?: readonly Written[]
  /**
   * ServiceAccounts (`namespace/name`) that then lose their managed fields, as in a restored
   * backup.
   */
  readonly unmanaged?: readonly string[]
  /** ServiceAccounts to which GitOps then applies a label, and no list. */
  readonly labelled?: readonly string[]
  /** ServiceAccounts whose unchanged list a user then writes again. */
  readonly rewritten?: readonly string[]
  /** Namespaces whose pull secret has expired. */
  readonly expired?: readonly string[]
  /** Consumers that pull, without an object that shows it. */
  readonly hidden?: readonly Consumer[]
  /** Secrets (`namespace/name`) with the login of an old Secret, which another program copies. */
  readonly copied?: readonly string[]
  /** A Pod of the feature whose node then reports why it cannot pull. */
  readonly waiting?: WaitingPod
  /** Written after everything else. */
  readonly last?: readonly Written[]
}

export interface ZooPlan {
  readonly seed: number
  readonly operation: Operation
  readonly defect: Defect | undefined
  readonly home: string
  /** How Pods get the reference; `admission` if the cluster supports it. */
  readonly attach: 'serviceAccounts' | 'admission'
  /** Through a ClusterRole, or through a Role in each listed namespace. */
  readonly scope: 'cluster' | 'namespaces'
  /**
   * Repositories of the Enterprise instance that RAM allows the release to pull. Undefined: all.
   */
  readonly repositories: readonly string[] | undefined
  readonly second: { readonly secretName: string; readonly namespaces: readonly string[] } | undefined
  /** True if the vendor's helper is or was installed. */
  readonly vendor: boolean
  /** Namespaces with the opt-out label. */
  readonly skipped: readonly string[]
  /** How far the clock of the machine that runs the command is ahead, in milliseconds. */
  readonly aheadMs: number
  /**
   * Resources that the user of the command may not read (`configmaps`), or namespaces without any
   * access (`in shop`).
   */
  readonly denied: readonly string[]
  /** The state of the helper when its objects are removed. */
  readonly helper: 'running' | 'stopped' | 'deleted'
  readonly features: readonly Feature[]
}

interface DrawContext {
  readonly random: Random
  readonly plan: Omit<ZooPlan, 'features'>
  /** Namespaces that the release serves. */
  readonly served: readonly string[]
  name(prefix: string): string
}

const OPERATIONS: readonly Operation[] = [
  'legacy',
  'legacy',
  'legacy',
  'detach',
  'detach',
  'uninstall',
  'retire',
  'import',
]

export function planOf(seed: number, only?: readonly number[]): ZooPlan {
  const random = createRandom(seed).fork('zoo')
  // Operations are used in turn, like the hazards below, so that the few seeds of a usual run cover
  // all of them.
  const operation = OPERATIONS[seed % OPERATIONS.length] ?? 'legacy'
  const removesEntries = operation === 'detach' || operation === 'uninstall' || operation === 'retire'
  const hasSecond = operation !== 'legacy' && random.chance(0.5)
  const first: Omit<ZooPlan, 'features' | 'attach' | 'scope'> = {
    seed,
    operation,
    defect: random.chance(0.5) ? random.pick(DEFECTS) : undefined,
    home: operation === 'uninstall' && turnOf(seed) % 3 !== 2 ? MADE_HOME : HOME,
    repositories: random.chance(0.5) ? ['team/*', 'base/*'] : undefined,
    second: hasSecond
      ? {
          secretName: random.chance(0.6) ? SECRET : 'acr-second',
          namespaces: random.pick([['team-b'], ['team-a', 'team-b']]),
        }
      : undefined,
    vendor: operation === 'legacy' || operation === 'import' || random.chance(0.3),
    skipped: random.chance(0.4) ? [random.pick(['web', 'data'])] : [],
    aheadMs: random.pick([0, 0, 0, 2 * 3_600_000, -2 * 3_600_000]),
    denied: random.chance(0.15) ? [random.pick(DENIED_KINDS)] : [],
    helper: removesEntries ? random.pick(['running', 'stopped', 'stopped', 'deleted'] as const) : 'running',
  }
  const base = drawMode(first, random.fork('mode'))
  const names = new Map<string, number>()
  const context: DrawContext = {
    random: random.fork('features'),
    plan: base,
    served: servedBy(base),
    name: (prefix) => {
      const count = (names.get(prefix) ?? 0) + 1
      names.set(prefix, count)
      return `${prefix}-${count}`
    },
  }
  const features = drawFeatures(context)
  return { ...base, features: only === undefined ? features : features.filter((_, index) => only.includes(index)) }
}

/** Returns the namespaces of workloads that the release serves. */
export function servedBy({ skipped, second }: Pick<ZooPlan, 'skipped' | 'second'>): readonly string[] {
  return NAMESPACES.filter((name) => !skipped.includes(name) && !second?.namespaces.includes(name))
}

function drawMode(plan: Omit<ZooPlan, 'features' | 'attach' | 'scope'>, random: Random): Omit<ZooPlan, 'features'> {
  const attach = random.chance(0.25) ? 'admission' : 'serviceAccounts'
  const isPolicyGone = attach === 'admission' && (plan.defect === 'no-entry' || random.chance(0.3))
  const denied = plan.denied.length === 0 && random.chance(0.15) ? [random.pick(DENIED_IN)] : plan.denied
  const scope = random.chance(0.2) ? 'namespaces' : 'cluster'
  return { ...plan, attach, scope, denied, defect: isPolicyGone ? 'no-policy' : plan.defect }
}

/**
 * The user has no rights in that namespace, and therefore cannot list across all namespaces either.
 */
const DENIED_IN = NAMESPACES.map((name) => `in ${name}`)

const DENIED_KINDS: readonly string[] = [
  'configmaps',
  'secrets',
  'pods',
  'statefulsets',
  'cronjobs',
  'rollouts',
  'serviceaccounts',
  'rolebindings',
]

export const DENIABLE: readonly string[] = [...DENIED_KINDS, ...DENIED_IN]

function drawFeatures(context: DrawContext): readonly Feature[] {
  const { random, plan } = context
  const features: Feature[] = []
  if (plan.vendor) features.push(vendorHelper(context), ...vendorSecrets(context))
  for (let index = random.int(3, 7); index > 0; index -= 1) features.push(plainWorkload(context))
  for (let index = random.int(0, 3); index > 0; index -= 1) features.push(random.pick(BACKGROUND)(context))
  const isLegacy = plan.operation === 'legacy' || plan.operation === 'import'
  const hazards = isLegacy ? LEGACY_HAZARDS : REMOVAL_HAZARDS
  features.push((hazards[turnOf(plan.seed) % hazards.length] ?? random.pick(hazards))(context))
  // One dependent is enough to keep the old helper, and would hide other mistakes.
  if (random.chance(isLegacy ? 0.2 : 0.6)) features.push(random.pick(hazards)(context))
  const hidden = random.fork('hidden')
  if (plan.operation === 'legacy' && hidden.chance(0.4))
    features.push(hidden.pick(HIDDEN_HAZARDS)({ ...context, random: hidden }))
  const copies = random.fork('copies')
  if (plan.operation === 'legacy' && copies.chance(0.2)) features.push(copiedSecret({ ...context, random: copies }))
  const more = random.fork('more')
  if (more.chance(0.3)) features.push(drawWaiting({ random: more, attach: plan.attach, namespaces: context.served }))
  if (more.chance(0.2) && plan.defect !== 'no-policy') features.push(podWebhook())
  return features
}

/** Returns the number of earlier seeds with the same operation. */
function turnOf(seed: number): number {
  const place = seed % OPERATIONS.length
  const isSame = (index: number): boolean => OPERATIONS[index] === OPERATIONS[place]
  const inRound = OPERATIONS.filter((_, index) => isSame(index)).length
  const before = OPERATIONS.filter((_, index) => index < place && isSame(index)).length
  return Math.floor(seed / OPERATIONS.length) * inRound + before
}

// --- Features of every cluster ---

const COVERED = [
  `${DEMO}/team/app:1`,
  `${DEMO}/base/java@sha256:${'ab'.repeat(32)}`,
  `${PERSONAL}/acme/tools:20260429`,
  'nginx:1.27',
]
const KINDS: readonly Workload[] = [
  'Pod',
  'Deployment',
  'ReplicaSet',
  'ReplicationController',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'PodTemplate',
  'Rollout',
  'CloneSet',
  'AdvancedCronJob',
  'Revision',
  'Prometheus',
]
const ACCOUNTS = ['default', 'builder']

function plainWorkload(context: DrawContext): Feature {
  const { random, served, name } = context
  const [kind, namespace, account] = [random.pick(KINDS), random.pick(served), random.pick(ACCOUNTS)]
  const made = name('app')
  const image = random.pick(COVERED)
  const late: Written[] = [{ object: workload(kind, namespace, made, { image, account }) }]
  if (kind === 'Deployment' && random.chance(0.5)) {
    const owner = { kind: 'Deployment', name: made }
    late.push({ object: workload('ReplicaSet', namespace, `${made}-5d9c7`, { image, account, owner }) })
    const set = { kind: 'ReplicaSet', name: `${made}-5d9c7` }
    late.push({ object: workload('Pod', namespace, `${made}-5d9c7-x2x4k`, { image, account, owner: set }) })
  }
  return { title: `${kind} ${namespace}/${made} of ${image} as ${account}`, late }
}

const DEMO_ENTRY = '- instanceId: "cri-k7x2m9q4w1t8z5h3"\n  regionId: "cn-hangzhou"\n'
const SECOND_ENTRY = '- instanceId: "cri-second"\n  regionId: "cn-hangzhou"\n'
/**
 * The configuration in its first form, with a second instance without domains, and shortened by
 * hand.
 */
const CONFIGURATIONS: readonly Readonly<Record<string, string>>[] = [
  { 'acr-registry-info': DEMO_ENTRY },
  { 'acr-registry-info': DEMO_ENTRY },
  { 'acr-registry-info': `${DEMO_ENTRY}${SECOND_ENTRY}` },
  { 'acr-registry-info': '' },
]

/** The title of the feature that doctor must report if it is part of a zoo. */
export const VENDOR_HELPER = "the vendor's helper"

function vendorHelper({ random, plan }: DrawContext): Feature {
  const account = object('ServiceAccount', 'kube-system', OLD_HELPER)
  const labels = { app: OLD_HELPER }
  const spec = {
    serviceAccountName: OLD_HELPER,
    containers: [{ name: 'helper', image: `${PERSONAL}/acs/aliyun-acr-credential-helper:v25` }],
  }
  const deployment = object('Deployment', 'kube-system', OLD_HELPER, {
    spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  })
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: OLD_HELPER }
  const subjects = [{ kind: 'ServiceAccount', name: OLD_HELPER, namespace: 'kube-system' }]
  const early: Written[] = [
    { object: account },
    { object: deployment },
    { object: object('ClusterRole', undefined, OLD_HELPER, { rules: [] }) },
    { object: object('ClusterRoleBinding', undefined, OLD_HELPER, { roleRef, subjects }) },
  ]
  // Installs before 2019 have no configuration.
  if (plan.operation === 'import' || random.chance(0.6)) {
    early.push({
      object: object('ConfigMap', 'kube-system', 'acr-configuration', {
        data: {
          'watch-namespace': 'all',
          'service-account': 'default,builder',
          ...random.fork('configuration').pick(CONFIGURATIONS),
        },
      }),
    })
  }
  return { title: VENDOR_HELPER, early }
}

/** Adds an old Secret to most namespaces, referenced by their ServiceAccounts. */
function vendorSecrets({ random, served }: DrawContext): readonly Feature[] {
  const names = random.pick([OLD_SECRETS.slice(0, 2), OLD_SECRETS.slice(2)])
  return served
    .filter(() => random.chance(0.7))
    .map((namespace) => ({ title: `${names} in ${namespace}`, early: vendorIn(namespace, names, ACCOUNTS) }))
}

/**
 * The hosts of every old Secret. The hosts below belong to an instance that the release does not
 * have.
 */
const OLD_HOSTS: readonly string[] = [DEMO, PERSONAL, PERSONAL_VPC]

function vendorIn(
  namespace: string,
  names: readonly string[],
  accounts: readonly string[],
  more: readonly string[] = [],
): readonly Written[] {
  const hosts = [...OLD_HOSTS, ...more]
  return [
    ...names.map((name) => {
      return { object: dockerSecret(namespace, name, hosts, OLD_LOGIN), manager: OLD_HELPER, merge: true }
    }),
    ...accounts.map((account) => ({
      object: object('ServiceAccount', namespace, account, { imagePullSecrets: names.map((name) => ({ name })) }),
      manager: OLD_HELPER,
      merge: true,
    })),
  ]
}

type Draw = (context: DrawContext) => Feature

/** Draws a kind, a namespace and a name for a random object. */
function spot(
  { random, served, name }: DrawContext,
  prefix: string,
): { readonly namespace: string; readonly made: string } {
  return { namespace: random.pick(served), made: name(prefix) }
}

const LONG_AGO = '2026-01-01T00:00:00Z'
const FAILED = {
  failed: 1,
  startTime: LONG_AGO,
  conditions: ['FailureTarget', 'Failed'].map((type) => {
    return { type, status: 'True', reason: 'BackoffLimitExceeded', lastTransitionTime: LONG_AGO }
  }),
}

const BACKGROUND: readonly Draw[] = [
  (context) => {
    const { namespace, made } = spot(context, 'own')
    const image = `${ELSEWHERE}/team/app:${context.random.pick(['1', '20260403', '429'])}`
    const pod = workload('Pod', namespace, made, { image, own: ['regcred'] })
    return {
      title: `Pod ${namespace}/${made} with regcred`,
      early: [{ object: dockerSecret(namespace, 'regcred', [ELSEWHERE, DEMO]), merge: true }],
      late: [{ object: pod }],
    }
  },
  (context) => {
    const { namespace, made } = spot(context, 'failed')
    const job = workload('Job', namespace, made, { image: `${DEMO}/team/app:1`, own: [OLD_SECRETS[0] ?? ''] })
    return {
      title: `failed Job ${namespace}/${made}`,
      early: [{ object: job, status: FAILED }],
    }
  },
  (context) => {
    const { namespace, made } = spot(context, 'done')
    const pod = workload('Pod', namespace, made, { image: `${DEMO}/shop/job:1`, own: [OLD_SECRETS[0] ?? ''] })
    return { title: `finished Pod ${namespace}/${made}`, early: [{ object: pod, status: { phase: 'Succeeded' } }] }
  },
  (context) => {
    const name = context.name('foreign-hook')
    const hook = webhook('hook.example.com', { url: 'https://127.0.0.1:1/' })
    return {
      title: `webhook configuration ${name}`,
      early: [{ object: object('MutatingWebhookConfiguration', undefined, name, { webhooks: [hook] }) }],
    }
  },
  (context) => {
    const namespace = context.plan.skipped[0] ?? 'kube-public'
    const made = context.name('outside')
    const pod = workload('Pod', namespace, made, { image: 'busybox:1.36' })
    return {
      title: `Pod ${namespace}/${made} outside of the targets`,
      late: namespace === 'kube-public' ? [] : [{ object: pod }],
    }
  },
]

function webhook(name: string, clientConfig: object): object {
  return {
    name,
    clientConfig,
    rules: [{ apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['things'], operations: ['CREATE'] }],
    failurePolicy: 'Ignore',
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    timeoutSeconds: 1,
  }
}

/** A webhook of another client for every Pod. Its server is down. */
function podWebhook(): Feature {
  const rules = [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }]
  const hook = { ...webhook('pods.example.com', { url: 'https://127.0.0.1:1/' }), rules, failurePolicy: 'Fail' }
  const written = object('MutatingWebhookConfiguration', undefined, 'down', { webhooks: [hook] })
  return { title: 'a webhook of Pods that is down', last: [{ object: written }] }
}

// --- Objects that may still need the vendor's helper ---

const USES: readonly Use[] = ['volume', 'projected', 'env', 'envFrom']

function oldIn(context: DrawContext, namespace: string, more: readonly string[] = []): readonly Written[] {
  return vendorIn(namespace, [context.random.pick(OLD_SECRETS)], ['default'], more)
}

function oldName(written: readonly Written[]): string {
  return written[0]?.object.metadata.name ?? ''
}

/** An object that an operator created for a custom resource, with 0 replicas. */
const MAKERS: readonly (readonly [maker: Workload, made: Workload])[] = [
  ['Rollout', 'ReplicaSet'],
  ['CloneSet', 'ReplicaSet'],
  ['Revision', 'Deployment'],
  ['Prometheus', 'StatefulSet'],
  ['AdvancedCronJob', 'Job'],
]

const LEGACY_HAZARDS: readonly Draw[] = [
  (context) => {
    const { namespace, made } = spot(context, 'operated')
    const secrets = oldIn(context, namespace)
    const [maker, kind] = context.random.pick(MAKERS)
    const parts = { image: `${DEMO}/team/app:1`, own: [oldName(secrets)] }
    const owned = workload(kind, namespace, `${made}-1`, { ...parts, owner: { kind: maker, name: made } })
    const whole = workload(maker, namespace, made, parts)
    // The operator may keep the custom resources in another cluster.
    const late = context.random.chance(0.5) ? [{ object: owned }] : [{ object: whole }, { object: owned }]
    return {
      title: `${kind} ${namespace}/${made}-1 of a ${maker} at 0 replicas names ${oldName(secrets)}`,
      early: secrets,
      late,
    }
  },
  (context) => {
    const { namespace, made } = spot(context, 'builder')
    const secrets = oldIn(context, namespace)
    const use = { how: context.random.pick(USES), secret: oldName(secrets) }
    const kind = context.random.pick(KINDS.filter((one) => one !== 'Prometheus'))
    const late = [{ object: workload(kind, namespace, made, { image: 'gcr.io/kaniko-project/executor:v1', use }) }]
    return { title: `${kind} ${namespace}/${made} has ${use.secret} as ${use.how}`, early: secrets, late }
  },
  (context) => {
    const { namespace } = spot(context, 'account')
    const secrets = oldIn(context, namespace)
    const account = object('ServiceAccount', namespace, 'pipeline', { secrets: [{ name: oldName(secrets) }] })
    return {
      title: `ServiceAccount ${namespace}/pipeline has ${oldName(secrets)} under secrets`,
      early: [...secrets, { object: account, merge: true }],
    }
  },
  (context) => {
    const { namespace, made } = spot(context, 'narrow')
    const secrets = oldIn(context, namespace)
    const kind = context.random.pick(KINDS)
    const late = [{ object: workload(kind, namespace, made, { image: `${DEMO}/shop/web:3` }) }]
    return { title: `${kind} ${namespace}/${made} of a repository of its own`, early: secrets, late }
  },
  (context) => {
    const { namespace, made } = spot(context, 'other')
    const secrets = oldIn(context, namespace, [OTHER])
    const kind = context.random.pick(KINDS)
    const late = [{ object: workload(kind, namespace, made, { image: `${OTHER}/team/app:3` }) }]
    return { title: `${kind} ${namespace}/${made} of another instance`, early: secrets, late }
  },
  (context) => {
    const { namespace, made } = spot(context, 'old')
    const secrets = oldIn(context, namespace)
    const owner = context.random.chance(0.5) ? { kind: 'StatefulSet', name: made } : undefined
    const pod = workload('Pod', namespace, `${made}-0`, { image: `${DEMO}/team/app:1`, ...(owner && { owner }) })
    return { title: `Pod ${namespace}/${made}-0 created before`, early: [...secrets, { object: pod }] }
  },
  (context) => {
    const { namespace, made } = spot(context, 'listed')
    const secrets = oldIn(context, namespace)
    const kind = context.random.pick(KINDS)
    const late = [
      { object: workload(kind, namespace, made, { image: `${PERSONAL}/acme/tools:1`, own: [oldName(secrets)] }) },
    ]
    return { title: `${kind} ${namespace}/${made} names ${oldName(secrets)} itself`, early: secrets, late }
  },
  (context) => {
    const namespace = context.plan.skipped[0] ?? 'kube-system'
    const made = context.name('skipped')
    const secrets = vendorIn(namespace, ['aliyun-acr-credential-a'], ['default'])
    const late = [{ object: workload('StatefulSet', namespace, made, { image: `${DEMO}/team/app:1` }) }]
    return { title: `StatefulSet ${namespace}/${made} outside of the targets`, early: secrets, late }
  },
  (context) => {
    const { namespace, made } = spot(context, 'expired')
    const secrets = oldIn(context, namespace)
    const late = [{ object: workload('Deployment', namespace, made, { image: `${DEMO}/team/app:1` }) }]
    return { title: `the pull secret of ${namespace} has expired`, early: secrets, late, expired: [namespace] }
  },
  (context) => {
    const own = webhook('a.example.com', {
      service: { namespace: 'kube-system', name: 'acr-credential-helper-webhook' },
    })
    const foreign = webhook('b.example.com', {
      service: { namespace: 'kube-system', name: 'corp-acr-credential-audit' },
    })
    const hooks = context.random.pick([[own], [own, foreign], [foreign]])
    const name = context.name('hooks')
    const written = { object: object('MutatingWebhookConfiguration', undefined, name, { webhooks: hooks }) }
    return { title: `webhook configuration ${name} with ${hooks.length} hooks`, early: [written] }
  },
  (context) => {
    const name = context.name('reader')
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: OLD_HELPER }
    const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop' }]
    const binding = context.random.pick([
      object('RoleBinding', 'shop', name, { roleRef, subjects }),
      object('ClusterRoleBinding', undefined, name, { roleRef, subjects }),
      object('ClusterRoleBinding', undefined, name, {
        roleRef,
        subjects: [...subjects, { kind: 'ServiceAccount', name: OLD_HELPER, namespace: 'kube-system' }],
      }),
    ])
    return { title: `${binding.kind} ${name} of the vendor's ClusterRole`, early: [{ object: binding }] }
  },
  (context) => {
    const name = context.name('tail')
    const written = { object: workload('DaemonSet', 'kube-system', name, { image: 'busybox:1', account: OLD_HELPER }) }
    return { title: `DaemonSet kube-system/${name} runs as the vendor's ServiceAccount`, early: [written] }
  },
  (context) => {
    const { namespace } = spot(context, 'gitops')
    const secrets = vendorIn(namespace, ['aliyun-acr-credential-a'], [])
    const manager = context.random.pick(['argocd-controller', 'kustomize-controller'])
    const list = { imagePullSecrets: [{ name: 'aliyun-acr-credential-a' }, { name: SECRET }] }
    const account = { object: object('ServiceAccount', namespace, 'gitops', list), manager, applied: true }
    return { title: `${manager} applies the list of ${namespace}/gitops`, early: [...secrets, account] }
  },
]

// --- Users of the vendor's helper without an object that pulls ---

const HIDDEN_HAZARDS: readonly Draw[] = [
  (context) => {
    const { namespace, made } = spot(context, 'custom')
    const secrets = oldIn(context, namespace, [CUSTOM])
    const kind = context.random.pick(KINDS)
    const late = [{ object: workload(kind, namespace, made, { image: `${CUSTOM}/team/app:3` }) }]
    return { title: `${kind} ${namespace}/${made} of a custom domain of another instance`, early: secrets, late }
  },
  (context) => {
    const { namespace, made } = spot(context, 'pipeline')
    const host = context.random.pick([OTHER, CUSTOM])
    const secrets = oldIn(context, namespace, [host])
    // A pipeline outside of the cluster creates Pods, and at present there are none.
    const images = [`${host}/team/build:1`]
    const hidden = [{ path: `Pods of ${made}`, namespace, images, names: [oldName(secrets)] }]
    return { title: `a pipeline pulls ${images[0]} in ${namespace}`, early: secrets, hidden }
  },
  (context) => {
    const { namespace, made } = spot(context, 'texts')
    const secrets = oldIn(context, namespace)
    const name = oldName(secrets)
    const image = `${context.random.pick([DEMO, PERSONAL])}/team/task:1`
    const text = context.random.pick([
      JSON.stringify({ spec: { containers: [{ image }], imagePullSecrets: [{ name }] } }),
      `[runners.kubernetes]\n  image_pull_secrets = ["${name}"]\n`,
      `spark.kubernetes.container.image.pullSecrets=own,${name}\n`,
    ])
    const where = context.random.pick(NAMESPACES)
    const written = { object: object('ConfigMap', where, made, { data: { 'template.txt': text } }) }
    const hidden = [{ path: `Pods of ConfigMap ${where}/${made}`, namespace, images: [image], names: [name] }]
    return { title: `ConfigMap ${where}/${made} names ${name} in a text`, early: [...secrets, written], hidden }
  },
]

/**
 * A replicator copies an old Secret to another name. Only a pipeline outside of the cluster names
 * the copy.
 */
function copiedSecret(context: DrawContext): Feature {
  const { namespace, made } = spot(context, 'copied')
  const secrets = oldIn(context, context.random.pick(context.served))
  const copy = { object: dockerSecret(namespace, made, OLD_HOSTS, OLD_LOGIN), manager: 'replicator' }
  const hidden = [{ path: `Pods with ${made}`, namespace, images: [`${DEMO}/team/app:1`], names: [made] }]
  const title = `Secret ${namespace}/${made} is a copy of ${oldName(secrets)}`
  return { title, early: [...secrets, copy], hidden, copied: [`${namespace}/${made}`] }
}

// --- Objects that a removal of the release must leave ---

const CONTENT: readonly ((home: string) => ZooObject)[] = [
  (home) =>
    object('PersistentVolumeClaim', home, 'data', {
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    }),
  (home) => object('ConfigMap', home, 'notes', { data: { a: 'b' } }),
  (home) => dockerSecret(home, 'regcred', [ELSEWHERE]),
  (home) => object('ServiceAccount', home, 'robot'),
  (home) => object('Role', home, 'reader', { rules: [] }),
  (home) => workload('Deployment', home, 'web', { image: 'nginx:1.27' }),
  (home) => workload('StatefulSet', home, 'db', { image: 'postgres:18' }),
  (home) => workload('CronJob', home, 'nightly', { image: 'busybox:1' }),
  (home) => workload('Rollout', home, 'canary', { image: 'nginx:1.27' }),
  (home) => workload('PodTemplate', home, 'template', { image: 'busybox:1' }),
]

const REMOVAL_HAZARDS: readonly Draw[] = [
  (context) => {
    const { namespace } = spot(context, 'gitops')
    const manager = context.random.pick(['argocd-controller', 'kustomize-controller', 'helm'])
    const list = { imagePullSecrets: [{ name: 'regcred' }, { name: SECRET }] }
    const account = { object: object('ServiceAccount', namespace, 'gitops', list), manager, applied: true }
    return { title: `${manager} applies the list of ${namespace}/gitops`, early: [account] }
  },
  (context) => {
    const content = context.random.pick(CONTENT)(context.plan.home)
    const written = [{ object: content, merge: true }]
    return {
      title: `${content.kind} ${content.metadata.name} in the release's namespace`,
      // A target's ServiceAccount that the helper never saw would lack the reference, so
      // ServiceAccounts are written early.
      ...(content.kind === 'ServiceAccount' ? { early: written } : { late: written }),
    }
  },
  (context) => {
    const { namespace } = spot(context, 'unmanaged')
    return { title: `${namespace}/builder was restored from a backup`, unmanaged: [`${namespace}/builder`] }
  },
  (context) => {
    const key = `${spot(context, 'labelled').namespace}/${context.random.pick(ACCOUNTS)}`
    return { title: `argocd-controller applies a label to ${key}`, labelled: [key] }
  },
  (context) => {
    const { namespace } = spot(context, 'rewritten')
    return { title: `a person wrote the list of ${namespace}/builder`, rewritten: [`${namespace}/builder`] }
  },
  (context) => {
    const { namespace, made } = spot(context, 'listed')
    const own = ['regcred', SECRET]
    const secret = { object: dockerSecret(namespace, 'regcred', [DEMO, ELSEWHERE]), merge: true }
    const late = [
      { object: workload(context.random.pick(KINDS), namespace, made, { image: `${DEMO}/team/app:2`, own }) },
    ]
    return { title: `${namespace}/${made} names regcred and the pull secret`, early: [secret], late }
  },
  (context) => {
    const namespaces = context.plan.second?.namespaces ?? context.plan.skipped
    const namespace = namespaces[0] ?? 'kube-public'
    const account = object('ServiceAccount', namespace, 'hand-made', { imagePullSecrets: [{ name: SECRET }] })
    return { title: `a person wrote ${SECRET} into ${namespace}/hand-made`, early: [{ object: account, merge: true }] }
  },
]
