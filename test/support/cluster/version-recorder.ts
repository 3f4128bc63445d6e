import assert from 'node:assert/strict'
import type { KubeClient, Query } from '../../../src/kube/client.ts'
import { type KubeList, type KubeObject, keyOf } from '../../../src/kube/types.ts'
import { createReflector } from '../../../src/kube/watch/reflector.ts'
import type { Versioned } from '../../../src/kube/watch/store.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { eventually } from '../eventually.ts'

/** A pull Secret at one version. */
interface SecretVersion extends Versioned {
  /** The domains with a login. */
  readonly domains: readonly string[]
}

interface ListVersion extends Versioned {
  readonly entries: readonly string[]
}

/** Watches every version of every pull Secret and imagePullSecrets list, and records violations. */
export interface VersionRecorder {
  /** Declares the version of another client's write, whose changes are not the helper's fault. */
  noteOther(resourceVersion: string): void
  /**
   * Declares that this namespace's objects are deleted by others or removed by the helper on
   * request.
   */
  exempt(namespace: string): void
  /** The violations as `namespace/name: what`. */
  violations(): readonly string[]
  /** Resolves when all versions until now have been seen. */
  caughtUp(): Promise<void>
  stop(): Promise<void>
}

interface SecretObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}
interface AccountObject extends KubeObject {
  readonly imagePullSecrets?: readonly { readonly name?: string }[]
}

const SECRETS = '/api/v1/secrets'
const ACCOUNTS = '/api/v1/serviceaccounts'

/** Starts watching with an administrator's client, which must not use a fault proxy. */
export function startVersionRecorder(client: KubeClient, secretName: string): VersionRecorder {
  const stop = new AbortController()
  const violations: { readonly key: string; readonly what: string; readonly span?: readonly [string, string] }[] = []
  const others = new Set<string>()
  const exempted = new Set<string>()
  const secretUids = new Map<string, string>()
  const report = (key: string, what: string, span?: readonly [string, string]): void => {
    if (!exempted.has(key.split('/')[0] ?? '')) violations.push({ key, what, ...(span && { span }) })
  }
  // Violations are evaluated at the end. A write is declared after its response, which may arrive
  // after the watch event.
  const byOther = ([from, to]: readonly [string, string]): boolean =>
    [...others].some((version) => Number(version) > Number(from) && Number(version) <= Number(to))

  function onSecret(key: string, now: SecretVersion | undefined, before: SecretVersion | undefined): void {
    if (now === undefined) {
      report(key, 'the Secret was deleted')
      return
    }
    const uid = secretUids.get(key)
    if (uid !== undefined && uid !== now.uid) report(key, `a second UID: ${uid}, then ${now.uid}`)
    secretUids.set(key, now.uid)
    if (now.domains.length === 0) report(key, `version ${now.resourceVersion} is empty`)
    const lost = (before?.domains ?? []).filter((domain) => !now.domains.includes(domain))
    if (before && lost.length > 0) report(key, `lost ${lost}`, [before.resourceVersion, now.resourceVersion])
  }
  function onList(key: string, now: ListVersion | undefined, before: ListVersion | undefined): void {
    if (now === undefined) {
      report(key, 'the ServiceAccount was deleted')
      return
    }
    const times = now.entries.filter((name) => name === secretName).length
    if (times > 1) report(key, `version ${now.resourceVersion} has our entry ${times} times`)
    if (before === undefined || before.uid !== now.uid) return
    const [old, fresh] = [before, now].map(({ entries }) => entries.filter((name) => name !== secretName).join())
    if (old === fresh) return
    report(key, `the entries of others were ${old}, then ${fresh}`, [before.resourceVersion, now.resourceVersion])
  }

  const fieldSelector = `metadata.name=${secretName}`
  const common = { client, clock: systemClock, random: Math.random, features: { watchList: true } }
  const meta = ({ metadata: { uid, resourceVersion } }: KubeObject): Versioned => ({ uid, resourceVersion })
  const secrets = createReflector<SecretObject, SecretVersion>({
    ...common,
    path: SECRETS,
    selector: { fieldSelector },
    transform: (object) => ({ ...meta(object), domains: domainsOf(object) }),
    onChange: onSecret,
  })
  const accounts = createReflector<AccountObject, ListVersion>({
    ...common,
    path: ACCOUNTS,
    transform: (object) => ({
      ...meta(object),
      entries: (object.imagePullSecrets ?? []).map(({ name = '' }) => name),
    }),
    onChange: onList,
  })
  const loops = [secrets, accounts].map((reflector) => reflector.run(stop.signal))
  return {
    noteOther: (version) => others.add(version),
    exempt(namespace) {
      exempted.add(namespace)
    },
    violations: () =>
      violations.filter(({ span }) => span === undefined || !byOther(span)).map(({ key, what }) => `${key}: ${what}`),
    async caughtUp() {
      const list = async (path: string, query: Query) =>
        (await client.request<KubeList<KubeObject>>({ method: 'GET', path, query })).items ?? []
      const [ours, lists] = await Promise.all([list(SECRETS, { fieldSelector }), list(ACCOUNTS, {})])
      await eventually(() => {
        for (const [objects, store] of [
          [ours, secrets],
          [lists, accounts],
        ] as const) {
          for (const { metadata } of objects) {
            const seen = store.get(keyOf(metadata))
            assert.ok(Number(seen?.resourceVersion) >= Number(metadata.resourceVersion), keyOf(metadata))
          }
        }
      }, 60_000)
    },
    async stop() {
      stop.abort()
      await Promise.all(loops)
    },
  }
}

function domainsOf(secret: SecretObject): string[] {
  const text = Buffer.from(secret.data?.['.dockerconfigjson'] ?? '', 'base64').toString()
  const { auths = {} } = JSON.parse(text || '{}') as { auths?: Readonly<Record<string, object>> }
  return Object.keys(auths)
}
