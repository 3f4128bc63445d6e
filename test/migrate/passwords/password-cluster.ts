import { createKubeClient } from '../../../src/kube/client.ts'
import { kubeconfigConnection } from '../../../src/kube/connection.ts'
import { createReader } from '../../../src/kube/read/reader.ts'
import type { PasswordReport } from '../../../src/migrate/passwords/judge-passwords.ts'
import { judgePasswords } from '../../../src/migrate/passwords/judge-passwords.ts'
import { readPasswords } from '../../../src/migrate/passwords/read-passwords.ts'
import type { OurSide } from '../../../src/migrate/remove/our-side.ts'
import { type FakeApiServer, type FakeObject, startFakeApiServer } from '../../support/fake-api-server.ts'
import { HOST, IMAGE, ours } from '../remove/our-fixture.ts'

/** Parts of every login in these tests. No output may contain one of them. */
export const LOGIN = { username: 'pusher@1427736501988243', password: 'Str0ng-and-static' } as const

const GROUPS: Readonly<Record<string, string>> = {
  Deployment: 'apps/v1',
  ReplicaSet: 'apps/v1',
  StatefulSet: 'apps/v1',
  CronJob: 'batch/v1',
  Job: 'batch/v1',
}

export function object(kind: string, namespace: string, name: string, rest: object = {}): FakeObject {
  const { metadata = {}, ...more } = rest as { readonly metadata?: object }
  return { apiVersion: GROUPS[kind] ?? 'v1', kind, metadata: { namespace, name, ...metadata }, ...more }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

export function loginOf(username: string = LOGIN.username): { readonly auth: string } {
  return { auth: base64(`${username}:${LOGIN.password}`) }
}

/** A pull secret of the current type with this content. */
export function pullSecret(auths: unknown, metadata: object = {}, namespace = 'shop', name = 'regcred'): FakeObject {
  const creationTimestamp = '2021-03-02T10:00:00Z'
  return object('Secret', namespace, name, {
    metadata: { creationTimestamp, ...metadata },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': base64(JSON.stringify({ auths })) },
  })
}

export const REGCRED: FakeObject = pullSecret({ [HOST]: loginOf() })

const named = (names: readonly string[]) => names.map((name) => ({ name }))

export function account(name: string, ...list: readonly string[]): FakeObject {
  return object('ServiceAccount', 'shop', name, { imagePullSecrets: named(list) })
}

/** The spec of a Pod with one container. */
export function podSpec(list: readonly string[], more: object = {}, image: string = IMAGE): object {
  return { containers: [{ name: 'app', image }], imagePullSecrets: named(list), ...more }
}

export function workload(kind: string, name: string, spec: object, metadata: object = {}): FakeObject {
  const template = { metadata, spec }
  return object(kind, 'shop', name, {
    spec: kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { template },
  })
}

/** A Pod, with its controller if one is given. */
export function pod(name: string, spec: object, owner?: { readonly kind: string; readonly name: string }): FakeObject {
  const reference = owner && { apiVersion: GROUPS[owner.kind] ?? 'v1', ...owner, controller: true }
  const metadata = reference === undefined ? {} : { ownerReferences: [reference] }
  return object('Pod', 'shop', name, { metadata, spec })
}

/** Reads and judges the objects as the command does. */
export async function judge(
  objects: readonly FakeObject[],
  change: Partial<OurSide> = {},
  prepare: (cluster: FakeApiServer) => void = () => undefined,
  isPublic?: (image: string) => boolean,
): Promise<readonly PasswordReport[]> {
  await using cluster = await startFakeApiServer(objects)
  prepare(cluster)
  const connection = await kubeconfigConnection({ environment: {}, text: cluster.kubeconfig })
  const client = createKubeClient(connection)
  try {
    const reader = createReader(client, AbortSignal.timeout(20_000))
    const side = ours(change)
    const facts = await readPasswords(reader, side, [])
    return judgePasswords(facts, side, reader.unread, isPublic)
  } finally {
    client.close()
  }
}
