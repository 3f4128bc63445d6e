import type {
  NamespaceView,
  SecretView,
  ServiceAccountObject,
  ServiceAccountView,
  Transforms,
} from '../../installation/object-views.ts'
import { hasStatus } from '../../kube/api-error.ts'
import type { KubeClient } from '../../kube/client.ts'
import type { KubeObject } from '../../kube/types.ts'
import { createReflector, type Reflector, type ServerFeatures } from '../../kube/watch/reflector.ts'
import type { ChangeHandler, Versioned } from '../../kube/watch/store.ts'
import type { Clock } from '../../lib/clock.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import { joinReflectors, type Source } from './join-reflectors.ts'
import { createNamespaceReader } from './namespace-reader.ts'

export interface CachesOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly random: () => number
  readonly features: ServerFeatures
  readonly config: Pick<HelperConfig, 'scope' | 'attach' | 'secretName' | 'release'>
  /**
   * With scope `namespaces`: the namespaces to watch. The helper's own namespace is added, without
   * its ServiceAccounts.
   */
  readonly listedNamespaces: readonly string[]
  readonly transforms: Transforms
  readonly onSynced: () => void
  /**
   * Called when a watch detects that the API server's versions went back, because etcd was restored
   * from a backup.
   */
  readonly onRewound: () => void
  readonly onProblem: (resource: string, error: unknown, retryInMs: number) => void
}

/**
 * Called for each change. The handlers are set after the caches are created, because most handlers
 * read the caches.
 */
export interface CacheHandlers {
  readonly onNamespace: ChangeHandler<NamespaceView>
  readonly onSecret: ChangeHandler<SecretView>
  readonly onServiceAccount: ChangeHandler<ServiceAccountView>
  /**
   * With scope `namespaces`: called when the permission to read a namespace or its objects is
   * missing.
   */
  readonly onRefused: (namespace: string) => void
}

export type Caches = ReturnType<typeof createCaches>

/**
 * A ServiceAccount may have 256 KiB of annotations, therefore its pages are smaller than those of
 * other objects.
 */
const SERVICE_ACCOUNT_PAGE = 200

/** Creates the caches: three watches for the cluster, or two for each listed namespace. */
export function createCaches(options: CachesOptions) {
  const { clock, config, transforms } = options
  let handlers: CacheHandlers | undefined
  const clusterWide = config.scope === 'cluster'
  const listed = options.listedNamespaces
  const withOwn = [...new Set([...listed, config.release.namespace])]
  const scopesOf = (names: readonly string[]): readonly string[] =>
    clusterWide ? [''] : names.map((name) => `/namespaces/${name}`)
  const parts: { readonly name: string; readonly part: Reflector<Versioned>; refusedAt: number }[] = []
  const isRefused = ({ part, refusedAt }: (typeof parts)[number]): boolean => refusedAt >= part.lastProgress
  const reflect = <W extends KubeObject, T extends Versioned>(
    resource: string,
    prefix: string,
    own: Pick<
      Parameters<typeof createReflector<W, T>>[0],
      'transform' | 'onChange' | 'selector' | 'metadataOnly' | 'pageSize'
    >,
  ): Reflector<T> => {
    const name = prefix.split('/')[2]
    const part = createReflector<W, T>({
      ...options,
      path: `/api/v1${prefix}/${resource}`,
      onSynced,
      onProblem(error, wait) {
        options.onProblem(resource, error, wait)
        if (name === undefined || !hasStatus(error, 403)) return
        for (const entry of parts) if (entry.part === (part as unknown)) entry.refusedAt = clock.monotonic()
        handlers?.onRefused(name)
        onSynced()
      },
      ...own,
    })
    if (name !== undefined) {
      parts.push({ name, part: part as unknown as Reflector<Versioned>, refusedAt: Number.NEGATIVE_INFINITY })
    }
    return part
  }
  const unreadable = (namespace: string): boolean =>
    reader?.refused(namespace) === true || parts.some((entry) => entry.name === namespace && isRefused(entry))
  let complete = false
  function onSynced(): void {
    if (complete || !all.every(({ synced }) => synced)) return
    complete = true
    options.onSynced()
  }
  const reader = clusterWide
    ? undefined
    : createNamespaceReader({
        ...options,
        names: withOwn,
        onChange: (...change) => handlers?.onNamespace(...change),
        onRefused: (name) => handlers?.onRefused(name),
        onSynced,
      })
  const namespaces: Source<NamespaceView> =
    reader ??
    reflect<KubeObject, NamespaceView>('namespaces', '', {
      transform: transforms.namespace,
      onChange: (...change) => handlers?.onNamespace(...change),
      metadataOnly: true,
    })
  const secrets = joinReflectors(
    scopesOf(withOwn).map((scope) =>
      reflect<KubeObject, SecretView>('secrets', scope, {
        transform: transforms.secret,
        onChange: (...change) => handlers?.onSecret(...change),
        metadataOnly: true,
        selector: { fieldSelector: `metadata.name=${config.secretName}` },
      }),
    ),
    withOwn,
    clusterWide ? undefined : unreadable,
  )
  const serviceAccounts =
    config.attach === 'admission'
      ? undefined
      : joinReflectors(
          scopesOf(listed).map((scope) =>
            reflect<ServiceAccountObject, ServiceAccountView>('serviceaccounts', scope, {
              transform: transforms.serviceAccount,
              onChange: (...change) => handlers?.onServiceAccount(...change),
              pageSize: SERVICE_ACCOUNT_PAGE,
            }),
          ),
          listed,
          clusterWide ? undefined : unreadable,
        )
  const all = [namespaces, secrets, serviceAccounts].filter((one) => one !== undefined) as Source<Versioned>[]
  return {
    namespaces,
    secrets,
    /** Undefined if the helper attaches by admission alone. */
    serviceAccounts,
    /**
     * With scope `namespaces`: true if the permission to read the namespace or its objects was
     * missing at the last attempt.
     */
    unreadable,
    /**
     * With scope `namespaces`: reads the namespace again, and returns false if it cannot be read.
     * Undefined if it was read a moment ago.
     */
    confirm: (namespace: string, signal: AbortSignal) => reader?.confirm(namespace, signal),
    get synced(): boolean {
      return complete
    },
    /** Sets the handlers. Call before `run`. */
    handle(changes: CacheHandlers): void {
      handlers = changes
    },
    async run(signal: AbortSignal): Promise<void> {
      await Promise.all(all.map((source) => source.run(signal)))
    },
    /**
     * Reads everything again, because etcd was restored and the API server's versions went back.
     */
    rewind(): void {
      for (const source of all) source.rewind()
    },
  }
}
