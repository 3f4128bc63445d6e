import { hostOf } from '../../acr/registry-domains.ts'
import { NopassError } from '../../errors.ts'
import { hasStatus } from '../../kube/api-error.ts'
import { listPages } from '../../kube/list-pages.ts'
import { OBJECTS_PER_PAGE, type Reader } from '../../kube/read/reader.ts'
import { apiRoot, type KubeObject, keyOf } from '../../kube/types.ts'
import { recordsOf } from '../../lib/json.ts'
import { notesOf, PULL_TYPES } from '../remove/find-copies.ts'
import type { AnyObject, Owner, Workload } from '../remove/legacy-facts.ts'
import { readMarks } from '../remove/old-logins.ts'
import type { OurSide } from '../remove/our-side.ts'
import { readCustom, TEXTS } from '../remove/read-cluster.ts'
import { describeWorkload, followsOwner, groupOf, ownerOf, type WantedNames } from '../remove/workload.ts'
import { describePullSecret, isOurs, type PullSecret } from './pull-secret.ts'
import { createWantedNames } from './secret-names.ts'

/** A ServiceAccount that names one of the Secrets. */
export interface NamingAccount {
  readonly namespace: string
  readonly name: string
  /** Names in `imagePullSecrets`. */
  readonly list: readonly string[]
  /** Names in `secrets`. */
  readonly secrets: readonly string[]
}

/** The static logins of ACR in a cluster, and everything that names their Secrets. */
export type PasswordFacts = Awaited<ReturnType<typeof readPasswords>>

/** The built-in kinds that pull images. */
const KINDS: readonly (readonly [kind: string, apiVersion: string, plural: string])[] = [
  ['Deployment', 'apps/v1', 'deployments'],
  ['StatefulSet', 'apps/v1', 'statefulsets'],
  ['DaemonSet', 'apps/v1', 'daemonsets'],
  ['ReplicaSet', 'apps/v1', 'replicasets'],
  ['CronJob', 'batch/v1', 'cronjobs'],
  ['Job', 'batch/v1', 'jobs'],
  ['ReplicationController', 'v1', 'replicationcontrollers'],
  ['PodTemplate', 'v1', 'podtemplates'],
  ['Pod', 'v1', 'pods'],
]

/**
 * Reads the pull secrets and their users. Of Secrets only hosts and counts are kept. If there is no
 * static login, nothing else is read.
 * @param given custom domains that the user named
 * @throws KUBE_FORBIDDEN if the caller may not list Secrets, because nothing is known then
 */
export async function readPasswords(reader: Reader, ours: OurSide, given: readonly string[]) {
  const customHosts = new Set([...given, ...customDomains(ours)].map(hostOf))
  const secrets = await readPullSecrets(reader, ours.secretName, customHosts)
  const withLogins = secrets.filter(({ isOurs, hosts }) => !isOurs && hosts.length > 0)
  const wanted = createWantedNames(new Set(withLogins.map(({ name }) => name)))
  const isEmpty = withLogins.length === 0
  const users = isEmpty ? NO_USERS : await readUsers(reader, wanted)
  const marks = new Set(withLogins.flatMap((secret) => secret.marks))
  const traces = isEmpty ? [] : await readTraces(reader, ours.secretName, wanted, marks)
  return { secrets, withLogins, traces, ...users }
}

/** What a pull secret has in common with the Secrets that are judged: it may be a copy of one. */
export interface SecretTrace {
  readonly namespace: string
  readonly name: string
  /** The wanted names in its labels and annotations. */
  readonly named: readonly { readonly what: string; readonly names: readonly string[] }[]
  /** The marks of static logins that occur in a judged Secret. */
  readonly marks: readonly string[]
}

/**
 * Reads the pull secrets a second time, because the wanted names and logins are known only after
 * the first time. Of each Secret only what matches is kept.
 */
async function readTraces(
  reader: Reader,
  secretName: string,
  { namesIn }: WantedNames,
  wanted: ReadonlySet<string>,
): Promise<readonly SecretTrace[]> {
  const transform = ({ metadata, ...content }: KubeObject): readonly SecretTrace[] => {
    const { namespace = 'default', name } = metadata
    const notes = isOurs(metadata, secretName) ? [] : notesOf(metadata)
    const named = notes
      .map(({ what, value }) => ({ what, names: namesIn(value) }))
      .filter(({ names }) => names.length > 0)
    const { all = [] } = readMarks((content as { readonly data?: unknown }).data) ?? {}
    const marks = [...new Set(all.filter((mark) => wanted.has(mark)))]
    return named.length + marks.length === 0 ? [] : [{ namespace, name, named, marks }]
  }
  const found: SecretTrace[] = []
  for (const type of PULL_TYPES) {
    const query = { fieldSelector: `type=${type}` }
    const list = await reader.list<KubeObject, readonly SecretTrace[]>(`Secrets of type ${type}`, '/api/v1/secrets', {
      query,
      transform,
    })
    found.push(...(list ?? []).flat())
  }
  return found
}

const NO_USERS: Awaited<ReturnType<typeof readUsers>> = {
  accounts: [],
  workloads: [],
  makers: [],
  replicaSetOwners: new Map(),
}

/** The domains of the release's own instances. A static registry may be any registry. */
function customDomains({ release }: OurSide): readonly string[] {
  const reported = (release?.status?.registries ?? []).filter(({ edition }) => edition !== 'static')
  return reported.flatMap(({ domains }) => domains)
}

async function readPullSecrets(
  reader: Reader,
  secretName: string,
  customHosts: ReadonlySet<string>,
): Promise<readonly PullSecret[]> {
  const found: PullSecret[] = []
  for (const type of PULL_TYPES) {
    const query = { fieldSelector: `type=${type}` }
    const list = { path: '/api/v1/secrets', query, pageSize: OBJECTS_PER_PAGE }
    try {
      for await (const page of listPages<KubeObject>(reader.client, list, reader.signal)) {
        for (const object of page.items ?? []) found.push(describePullSecret(object, secretName, customHosts))
      }
    } catch (error) {
      if (!hasStatus(error, 403)) throw error
      throw new NopassError('KUBE_FORBIDDEN', error.message, {
        hint: 'Use a kubeconfig that may list Secrets in all namespaces. This is your right to read their content; the helper does not have it.',
      })
    }
  }
  return found
}

async function readUsers(reader: Reader, wanted: WantedNames) {
  const replicaSetOwners = new Map<string, Owner>()
  /** Controllers that were read. The Pods and ReplicaSets that they create are not judged again. */
  const makers: Pick<Workload, 'kind' | 'namespace' | 'name'>[] = []
  const isMaker = (kind: string): boolean => kind !== 'Pod' && kind !== 'Job' && kind !== 'ReplicaSet'
  const keep = (object: AnyObject): readonly Workload[] => {
    const { kind, metadata } = object
    const { namespace = 'default', name } = metadata
    const owner = kind === 'ReplicaSet' ? ownerOf(metadata) : undefined
    if (owner !== undefined) replicaSetOwners.set(keyOf({ namespace, name }), owner)
    if (isMaker(kind) && groupOf(object) !== '') makers.push({ kind, namespace, name })
    return describeWorkload(object, wanted).filter(({ references, uses, mentions, optedOut }) => {
      return optedOut || [...references, ...uses, ...mentions].some(wanted.isName)
    })
  }
  const listKind = async (kind: string, apiVersion: string, plural: string): Promise<readonly Workload[]> => {
    const transform = (object: KubeObject) => keep({ ...object, kind, apiVersion })
    const path = `${apiRoot(apiVersion)}/${plural}`
    return (
      (await reader.list<KubeObject, readonly Workload[]>(`${kind}s of all namespaces`, path, { transform })) ?? []
    ).flat()
  }
  const all = await reader.list<KubeObject, NamingAccount>(
    'ServiceAccounts of all namespaces',
    '/api/v1/serviceaccounts',
    {
      transform: describeAccount,
      isSmall: true,
    },
  )
  const found: Workload[] = []
  for (const kind of [...KINDS, ...TEXTS]) found.push(...(await listKind(...kind)))
  found.push(...(await readCustom(reader, keep)))
  const read = new Set(makers.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`))
  const isRead = (namespace: string) => (owner: Owner) => read.has(`${owner.kind} ${namespace}/${owner.name}`)
  return {
    accounts: (all ?? []).filter(({ list, secrets }) => [...list, ...secrets].some(wanted.isName)),
    workloads: found.filter((workload) => !followsOwner(workload, isRead(workload.namespace))),
    makers,
    replicaSetOwners,
  }
}

function describeAccount({ metadata, ...content }: KubeObject): NamingAccount {
  const { imagePullSecrets, secrets } = content as Readonly<Record<string, unknown>>
  const namesIn = (value: unknown): readonly string[] =>
    recordsOf(value).flatMap(({ name }) => (typeof name === 'string' ? [name] : []))
  const { namespace = 'default', name } = metadata
  return { namespace, name, list: namesIn(imagePullSecrets), secrets: namesIn(secrets) }
}
