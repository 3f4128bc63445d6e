import { at, listAt, POD_SPECS, type ZooObject } from './kinds.ts'

/**
 * The checker: what a removal, a migration or a diagnosis must not do, derived only from the
 * documented promises. The checker shares no code with `src/`, neither names nor decisions. It
 * reads from `Truth` what the generator created.
 */

/** All objects of a cluster, by their paths. */
export type Snapshot = ReadonlyMap<string, ZooObject>

/** `unclear`: two clients wrote the list, which is atomic, so no record shows whose entry it is. */
export type Owner = 'release' | 'second' | 'gitops' | 'user' | 'unclear'

export interface ReleaseTruth {
  readonly namespace: string
  readonly name: string
  readonly secretName: string
  /** The repositories that RAM allows: globs by host. */
  readonly repositories: ReadonlyMap<string, readonly string[]>
}

/** Facts of the generator that no program could find: the origin of every object. */
export interface Truth {
  readonly release: ReleaseTruth
  readonly second: ReleaseTruth | undefined
  /**
   * The writer of the entry with the pull secret's name in a ServiceAccount's list, by
   * `namespace/name`.
   */
  readonly entries: ReadonlyMap<string, Owner>
  /** Hosts that require a login. */
  readonly privateHosts: readonly string[]
  /** Paths of the objects of the vendor's old helper. */
  readonly vendor: ReadonlySet<string>
  readonly vendorSecrets: readonly string[]
  /** Paths of the objects that Helm installed for the release. */
  readonly installed: ReadonlySet<string>
  /** ServiceAccounts whose list another tool applies, by `namespace/name`. */
  readonly applied: ReadonlySet<string>
  /** The Deployment that renews the logins in the vendor's Secrets. */
  readonly vendorHelper: string
  /**
   * Consumers that pull without an object that shows it: Pods from a template in a text, or from a
   * pipeline.
   */
  readonly hidden: readonly Consumer[]
  /**
   * Secrets (`namespace/name`) into which another program copies logins of the vendor's Secrets.
   */
  readonly copies: ReadonlySet<string>
  /**
   * Namespaces whose new Pods get the pull secret's name at admission, while the release's Pod
   * policy exists.
   */
  readonly admits: ReadonlySet<string>
}

export type Operation = 'install' | 'detach' | 'uninstall' | 'retire' | 'legacy' | 'import' | 'doctor'

export interface Violation {
  readonly rule: 'pull' | 'object' | 'reference' | 'complete' | 'doctor' | 'repair' | 'crash'
  readonly detail: string
}

/** Returns every violation between two snapshots. Empty if nothing was lost that others need. */
export function findViolations(
  operation: Operation,
  before: Snapshot,
  after: Snapshot,
  truth: Truth,
  now: number,
): readonly Violation[] {
  return [
    ...lostPulls(operation, before, after, truth, now),
    ...staleUses(operation, before, after, truth),
    ...lostObjects(operation, before, after, truth),
    ...changedObjects(operation, before, after, truth),
    ...dangling(before, after, truth),
  ]
}

// --- Pulls ---

export interface Consumer {
  readonly path: string
  readonly namespace: string
  readonly images: readonly string[]
  /** Names of the pull secrets that its Pods will have. */
  readonly names: readonly string[]
}

/**
 * Returns everything that pulls, or will pull once it is scaled up, with its images and the pull
 * secrets that its Pods get.
 */
function consumersOf(snapshot: Snapshot, { admits, installed, release, hidden }: Truth): readonly Consumer[] {
  const policies = [...installed].filter((path) => path.includes('/mutatingadmissionpolic'))
  const hasPolicy = policies.length > 0 && policies.every((path) => snapshot.has(path))
  const seen = [...snapshot].flatMap(([path, object]) => {
    const spec = at(object, POD_SPECS[object.kind] ?? ['-'])
    if (spec === undefined || isOver(object)) return []
    const namespace = object.metadata.namespace ?? ''
    const images = [...listAt(spec, ['initContainers']), ...listAt(spec, ['containers'])].map(({ image }) => image)
    const own = at(spec, ['image'])
    const all = [...images, ...(typeof own === 'string' ? [own] : [])].filter((image) => typeof image === 'string')
    const listed = listAt(spec, ['imagePullSecrets']).map(({ name }) => String(name))
    const account = `/api/v1/namespaces/${namespace}/serviceaccounts/${at(spec, ['serviceAccountName']) ?? 'default'}`
    // A Pod has the list that its ServiceAccount had when the Pod was created. Later Pods get the
    // later list.
    const inherited = listAt(snapshot.get(account), ['imagePullSecrets']).map(({ name }) => String(name))
    const names = listed.length > 0 || object.kind === 'Pod' ? listed : inherited
    const isAdmitted = object.kind !== 'Pod' && hasPolicy && admits.has(namespace)
    const more = isAdmitted ? [release.secretName] : []
    return all.length === 0 ? [] : [{ path, namespace, images: all, names: [...names, ...more] }]
  })
  return [...seen, ...hidden]
}

function isOver(object: ZooObject): boolean {
  const phase = at(object, ['status', 'phase'])
  if (object.kind === 'Pod') return phase === 'Succeeded' || phase === 'Failed'
  if (object.kind !== 'Job') return false
  return listAt(object, ['status', 'conditions']).some(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  )
}

type Ignores = (secret: ZooObject) => boolean

function canPull(
  snapshot: Snapshot,
  { namespace, names }: Consumer,
  image: string,
  { truth, now, ignores }: { readonly truth: Truth; readonly now: number; readonly ignores: Ignores },
): boolean {
  const { host, repository } = splitImage(image)
  if (!truth.privateHosts.includes(host)) return true
  return names.some((name) => {
    const secret = snapshot.get(`/api/v1/namespaces/${namespace}/secrets/${name}`)
    if (secret === undefined || ignores(secret)) return false
    if (!hostsOf(secret).includes(host)) return false
    const { labels = {}, annotations = {} } = secret.metadata
    const release = [truth.release, truth.second].find((one) => one !== undefined && isSecretOf(one, labels))
    if (release === undefined) return true
    const end = Date.parse(annotations['acr-nopass.io/expires-at'] ?? '')
    if (end <= now) return false
    return (release.repositories.get(host) ?? []).some((glob) => fits(glob, repository))
  })
}

function isSecretOf({ namespace, name }: ReleaseTruth, labels: Readonly<Record<string, string>>): boolean {
  return (
    labels['app.kubernetes.io/managed-by'] === 'acr-nopass' &&
    labels['app.kubernetes.io/instance'] === `${namespace}.${name}`
  )
}

function hostsOf(secret: ZooObject): readonly string[] {
  if (secret.type !== 'kubernetes.io/dockerconfigjson') return []
  const text = Buffer.from(String(at(secret, ['data', '.dockerconfigjson']) ?? ''), 'base64').toString()
  try {
    return Object.keys(JSON.parse(text).auths ?? {})
  } catch {
    return []
  }
}

export function splitImage(image: string): { readonly host: string; readonly repository: string } {
  const [first = '', ...rest] = image.split('/')
  const hasHost = rest.length > 0 && /[.:]/.test(first)
  const path = hasHost ? rest.join('/') : image
  return { host: hasHost ? first : 'docker.io', repository: path.replace(/@.*$/, '').replace(/:[^/]*$/, '') }
}

/**
 * Compares as RAM compares resources: `*` matches any text, and a name without a slash is a
 * namespace with all its repositories.
 */
function fits(glob: string, repository: string): boolean {
  const whole = glob === '*' || glob.includes('/') ? glob : `${glob}/*`
  const pattern = whole.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${pattern.join('.*')}$`).test(repository)
}

/**
 * Returns the Pods that could pull before and no longer can. The release may remove access that
 * only its own Secrets gave.
 */
function lostPulls(
  operation: Operation,
  before: Snapshot,
  after: Snapshot,
  truth: Truth,
  now: number,
): readonly Violation[] {
  const removesEntries = operation === 'detach' || operation === 'uninstall' || operation === 'retire'
  const isReleases: Ignores = ({ metadata }) => isSecretOf(truth.release, metadata.labels ?? {})
  const ignores: Ignores = removesEntries ? isReleases : () => false
  // One token lifetime later, nothing has renewed the logins in the vendor's Secrets and in copies
  // of them.
  const isStopped = isHelperStopped(operation, before, after, truth)
  const isStale: Ignores = ({ kind, metadata }) => {
    const key = `${metadata.namespace}/${metadata.name}`
    const path = `/api/v1/namespaces/${metadata.namespace}/secrets/${metadata.name}`
    return kind === 'Secret' && isStopped && (truth.vendor.has(path) || truth.copies.has(key))
  }
  const now2 = { truth, now, ignores }
  const later2 = { truth, now, ignores: (secret: ZooObject) => ignores(secret) || isStale(secret) }
  const later = new Map(consumersOf(after, truth).map((consumer) => [consumer.path, consumer]))
  return consumersOf(before, truth).flatMap((consumer) => {
    const then = later.get(consumer.path)
    // The rules for objects judge deleted objects.
    if (then === undefined) return []
    return consumer.images
      .filter((image) => canPull(before, consumer, image, now2) && !canPull(after, then, image, later2))
      .map((image) => ({ rule: 'pull' as const, detail: `${consumer.path} can no longer pull ${image}` }))
  })
}

function isHelperStopped(
  operation: Operation,
  before: Snapshot,
  after: Snapshot,
  { vendorHelper }: Pick<Truth, 'vendorHelper'>,
): boolean {
  return operation === 'legacy' && before.has(vendorHelper) && !after.has(vendorHelper)
}

/**
 * Returns volumes and environments with the content of a vendor's Secret that nothing renews any
 * more.
 */
function staleUses(operation: Operation, before: Snapshot, after: Snapshot, truth: Truth): readonly Violation[] {
  if (!isHelperStopped(operation, before, after, truth)) return []
  const secrets = [...after.values()].filter(
    ({ kind, metadata }) => kind === 'Secret' && truth.vendorSecrets.includes(metadata.name),
  )
  return [...after].flatMap(([path, object]) => {
    if (truth.installed.has(path) || isOver(object)) return []
    const used = secrets.find(
      ({ metadata }) => metadata.namespace === object.metadata.namespace && namesSecret(object, metadata.name),
    )
    if (used === undefined) return []
    return [{ rule: 'object' as const, detail: `${path} uses ${used.metadata.name}, which nothing renews any more` }]
  })
}

// --- Objects ---

function lostObjects(operation: Operation, before: Snapshot, after: Snapshot, truth: Truth): readonly Violation[] {
  return [...before].flatMap(([path, object]) => {
    const then = after.get(path)
    if (then !== undefined || mayDelete(operation, path, object, before, truth)) return []
    return [{ rule: 'object' as const, detail: `${operation} deleted ${path}` }]
  })
}

function mayDelete(operation: Operation, path: string, object: ZooObject, before: Snapshot, truth: Truth): boolean {
  const { release, vendor, installed } = truth
  // The content of a Secret belongs to its user.
  if (operation === 'legacy') return vendor.has(path) && object.kind !== 'Secret'
  if (operation !== 'detach' && operation !== 'uninstall') return false
  if (object.kind === 'Secret' && isSecretOf(release, object.metadata.labels ?? {})) return true
  if (operation === 'detach') return false
  if (installed.has(path)) return true
  const home = `/api/v1/namespaces/${release.namespace}`
  if (!path.startsWith(home)) return false
  // The rollout may have created the namespace. If it has no other objects, the namespace itself
  // and the objects that every namespace contains may be removed.
  const isMade = before.get(home)?.metadata.labels?.['acr-nopass.io/made-for-release'] === 'true'
  const isEmpty = [...before].every(([one, { kind, metadata }]) => {
    if (metadata.namespace !== release.namespace || installed.has(one)) return true
    if (kind === 'Secret' && isSecretOf(release, metadata.labels ?? {})) return true
    return isOfEveryNamespace(one)
  })
  return isMade && isEmpty && (path === home || isOfEveryNamespace(path))
}

function isOfEveryNamespace(path: string): boolean {
  return /\/(serviceaccounts\/default|configmaps\/kube-root-ca\.crt)$/.test(path)
}

function changedObjects(operation: Operation, before: Snapshot, after: Snapshot, truth: Truth): readonly Violation[] {
  const created = [...after.keys()]
    .filter((path) => !before.has(path) && !mayCreate(operation, path, after, truth))
    .map((path) => ({ rule: 'object' as const, detail: `${operation} created ${path}` }))
  const changed = [...before].flatMap(([path, object]) => {
    const then = after.get(path)
    if (then === undefined || essence(object) === essence(then)) return []
    if (object.kind === 'ServiceAccount') return changedAccount(operation, path, object, then, truth)
    return mayChange(operation, path, object, truth)
      ? []
      : [{ rule: 'object' as const, detail: `${operation} changed ${path}` }]
  })
  return [...created, ...changed]
}

function mayCreate(operation: Operation, path: string, after: Snapshot, { release }: Truth): boolean {
  if (operation !== 'install') return false
  const object = after.get(path)
  return object?.kind === 'Secret' && isSecretOf(release, object.metadata.labels ?? {})
}

function mayChange(operation: Operation, path: string, object: ZooObject, { release, installed }: Truth): boolean {
  const isHelpers = operation === 'install' || operation === 'retire' || operation === 'uninstall'
  if (!isHelpers) return false
  if (installed.has(path)) return true
  if (object.kind === 'Secret') return isSecretOf(release, object.metadata.labels ?? {})
  return path === `/api/v1/namespaces/${release.namespace}`
}

/**
 * In a ServiceAccount only the list may change, and in the list only the entries that the operation
 * concerns.
 */
function changedAccount(
  operation: Operation,
  path: string,
  object: ZooObject,
  then: ZooObject,
  truth: Truth,
): readonly Violation[] {
  const key = `${object.metadata.namespace}/${object.metadata.name}`
  const names = (one: ZooObject): readonly string[] => listAt(one, ['imagePullSecrets']).map(({ name }) => String(name))
  const [was, is] = [names(object), names(then)]
  const rest = (one: ZooObject): string => essence({ ...one, imagePullSecrets: [] })
  if (rest(object) !== rest(then) && !truth.installed.has(path)) {
    return [{ rule: 'object', detail: `${operation} changed more of ${path} than its list` }]
  }
  const removed = was.filter((name) => !is.includes(name))
  const added = is.filter((name) => !was.includes(name))
  const kept = was.filter((name) => is.includes(name))
  const breaches: Violation[] = []
  if (kept.join() !== is.filter((name) => was.includes(name)).join()) {
    breaches.push({ rule: 'reference', detail: `${operation} reordered the list of ${path}` })
  }
  for (const name of added) {
    if (operation === 'install' && name === truth.release.secretName) continue
    breaches.push({ rule: 'reference', detail: `${operation} added ${name} to ${path}` })
  }
  for (const name of removed) {
    const isOurs = name === truth.release.secretName && ['release', 'unclear'].includes(truth.entries.get(key) ?? '')
    const removesEntries = operation === 'detach' || operation === 'uninstall' || operation === 'retire'
    if (removesEntries && isOurs) continue
    if (operation === 'legacy' && truth.vendorSecrets.includes(name) && !truth.applied.has(key)) continue
    const whose = truth.entries.get(key) ?? 'nobody known'
    breaches.push({ rule: 'reference', detail: `${operation} removed ${name} (written by ${whose}) from ${path}` })
  }
  return breaches
}

const VOLATILE: readonly string[] = ['resourceVersion', 'managedFields', 'generation', 'uid', 'creationTimestamp']

/** Returns the relevant part of an object, as text. */
export function essence(object: ZooObject): string {
  const metadata = Object.fromEntries(Object.entries(object.metadata).filter(([key]) => !VOLATILE.includes(key)))
  return JSON.stringify({ ...object, metadata, status: undefined }, (_key, value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}

// --- Remaining references ---

/** Returns deleted objects that a remaining object still references, except as a pull secret. */
function dangling(before: Snapshot, after: Snapshot, { installed }: Truth): readonly Violation[] {
  const deleted = [...before].filter(([path]) => !after.has(path))
  const staying = [...after].filter(([path, object]) => !installed.has(path) && !isOver(object))
  return deleted.flatMap(([path, { kind, metadata }]) => {
    const user = staying.find(([, object]) => {
      const isNear = object.metadata.namespace === metadata.namespace
      if (kind === 'Secret') return isNear && namesSecret(object, metadata.name)
      if (kind === 'ClusterRole') return at(object, ['roleRef', 'name']) === metadata.name
      if (kind !== 'ServiceAccount') return false
      const runs = isNear && at(object, [...(POD_SPECS[object.kind] ?? ['-']), 'serviceAccountName']) === metadata.name
      const binds = listAt(object, ['subjects']).some(
        (one) => one.kind === 'ServiceAccount' && one.name === metadata.name && one.namespace === metadata.namespace,
      )
      return runs || binds
    })
    return user === undefined
      ? []
      : [{ rule: 'object' as const, detail: `${path} was deleted, but ${user[0]} needs it` }]
  })
}

/**
 * True if a workload references a Secret, except in lists of pull secrets, which the rule of pulls
 * covers.
 */
function namesSecret(object: ZooObject, name: string): boolean {
  if (object.kind === 'ServiceAccount') return listAt(object, ['secrets']).some((one) => one.name === name)
  return object.kind in POD_SPECS && isInside(object.spec ?? object.template, name)
}

/** Keys whose values are not names of Secrets. */
const OTHER_KEYS: readonly string[] = ['metadata', 'imagePullSecrets', 'serviceAccountName', 'image', 'command', 'args']

function isInside(value: unknown, name: string): boolean {
  if (value === name) return true
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, inner]) => !OTHER_KEYS.includes(key) && isInside(inner, name))
}
