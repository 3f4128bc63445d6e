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
   * Scope `namespaces`: the namespaces to watch. The helper's own is added, without its
   * ServiceAccounts.
   */
  readonly listedNamespaces: readonly string[]
  readonly transforms: Transforms
  readonly onSynced: () => void
  /** A watch detected that the API server's versions went back: etcd was restored from a backup. */
  readonly onRewound: () => void
  readonly onProblem: (resource: string, error: unknown, retryInMs: number) => void
}

/** What a change is to set off; given after the caches, because most of it reads them. */
export interface CacheHandlers {
  readonly onNamespace: ChangeHandler<NamespaceView>
  readonly onSecret: ChangeHandler<SecretView>
  readonly onServiceAccount: ChangeHandler<ServiceAccountView>
  /** Scope `namespaces`: the right to read this one or its objects is missing. */
  readonly onRefused: (namespace: string) => void
}

export type Caches = ReturnType<typeof createCaches>

/** A ServiceAccount may have 256 KiB of annotations, so smaller pages are less often too large. */
const SERVICE_ACCOUNT_PAGE = 200

/** The watched objects: three watches for the cluster, or two for each listed namespace. */
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
    /** Undefined where the helper attaches by admission alone. */
    serviceAccounts,
    /**
     * Scope `namespaces`: the permission to read it or its objects was missing at the last try.
     * Other namespaces are not affected.
     */
    unreadable,
    /**
     * Scope `namespaces`: reads the namespace again; false: it could not be read. Undefined: it was
     * read a moment ago.
     */
    confirm: (namespace: string, signal: AbortSignal) => reader?.confirm(namespace, signal),
    get synced(): boolean {
      return complete
    },
    /** To be called before `run`. */
    handle(changes: CacheHandlers): void {
      handlers = changes
    },
    async run(signal: AbortSignal): Promise<void> {
      await Promise.all(all.map((source) => source.run(signal)))
    },
    /** The API server's versions went back (etcd was restored): reads everything again. */
    rewind(): void {
      for (const source of all) source.rewind()
    },
  }
}
