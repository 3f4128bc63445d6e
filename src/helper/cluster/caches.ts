import { KubeApiError } from '../../kube/api-error.ts'
import type { KubeClient } from '../../kube/client.ts'
import type { KubeObject } from '../../kube/types.ts'
import { createReflector, type Reflector, type ServerFeatures } from '../../kube/watch/reflector.ts'
import type { ChangeHandler, Versioned } from '../../kube/watch/store.ts'
import type { Clock } from '../../lib/clock.ts'
import type {
  NamespaceView,
  SecretView,
  ServiceAccountObject,
  ServiceAccountView,
  Transforms,
} from '../../release/views.ts'
import type { HelperConfig } from '../../values/helper-config.generated.ts'
import { joinReflectors, type Source } from './join-reflectors.ts'
import { createNamespaceReader } from './namespace-reader.ts'

export interface CachesOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly random: () => number
  readonly features: ServerFeatures
  readonly config: Pick<HelperConfig, 'scope' | 'attach' | 'secretName' | 'release'>
  /** Scope `namespaces`: what to look at; our own besides, but for its ServiceAccounts. */
  readonly listedNamespaces: readonly string[]
  readonly transforms: Transforms
  readonly onNamespace: ChangeHandler<NamespaceView>
  readonly onSecret: ChangeHandler<SecretView>
  readonly onServiceAccount: ChangeHandler<ServiceAccountView>
  readonly onSynced: () => void
  /** One of the watches found out that the API server's versions went back. */
  readonly onRewound: () => void
  /** Scope `namespaces`: the right to read this one or its objects is missing. */
  readonly onRefused: (namespace: string) => void
  readonly onProblem: (resource: string, error: unknown, retryInMs: number) => void
}

/** What is known of the cluster, kept up to date: by three watches, or by two in each listed namespace. */
export interface Caches {
  readonly namespaces: Source<NamespaceView>
  readonly secrets: Source<SecretView>
  /** Undefined where the helper attaches by admission alone. */
  readonly serviceAccounts: Source<ServiceAccountView> | undefined
  readonly synced: boolean
  /** Scope `namespaces`: the right to read this one or its objects was missing when last tried. It holds up no other. */
  unreadable(namespace: string): boolean
  /**
   * Scope `namespaces`: reads this one again, unless that was done just now; false: it could not be read. Undefined: what is known of it is
   * no older than a moment.
   */
  confirm(namespace: string, signal: AbortSignal): Promise<boolean> | undefined
  run(signal: AbortSignal): Promise<void>
  /** The API server's versions went back (etcd was restored): reads all again. */
  rewind(): void
}

/** A ServiceAccount may carry 256 KiB of annotations: smaller pages are less often too large. */
const SERVICE_ACCOUNT_PAGE = 200

export function createCaches(options: CachesOptions): Caches {
  const { clock, config, transforms } = options
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
      client: options.client,
      clock: options.clock,
      random: options.random,
      features: options.features,
      path: `/api/v1${prefix}/${resource}`,
      onSynced,
      onRewound: options.onRewound,
      onProblem(error, wait) {
        options.onProblem(resource, error, wait)
        if (name === undefined || !(error instanceof KubeApiError && error.status === 403)) return
        for (const entry of parts) if (entry.part === (part as unknown)) entry.refusedAt = clock.monotonic()
        options.onRefused(name)
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
  let told = false
  function onSynced(): void {
    if (told || !all.every(({ synced }) => synced)) return
    told = true
    options.onSynced()
  }
  const reader = clusterWide
    ? undefined
    : createNamespaceReader({ ...options, names: withOwn, onChange: options.onNamespace, onSynced })
  const namespaces: Source<NamespaceView> =
    reader ??
    reflect<KubeObject, NamespaceView>('namespaces', '', {
      transform: transforms.namespace,
      onChange: options.onNamespace,
      metadataOnly: true,
    })
  const secrets = joinReflectors(
    scopesOf(withOwn).map((scope) =>
      reflect<KubeObject, SecretView>('secrets', scope, {
        transform: transforms.secret,
        onChange: options.onSecret,
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
              onChange: options.onServiceAccount,
              pageSize: SERVICE_ACCOUNT_PAGE,
            }),
          ),
          listed,
          clusterWide ? undefined : unreadable,
        )
  const all: Source<Versioned>[] = [
    namespaces,
    secrets,
    ...(serviceAccounts ? [serviceAccounts] : []),
  ] as Source<Versioned>[]
  return {
    namespaces,
    secrets,
    serviceAccounts,
    unreadable,
    confirm: (namespace, signal) => reader?.confirm(namespace, signal),
    get synced() {
      return told
    },
    async run(signal) {
      await Promise.all(all.map((source) => source.run(signal)))
    },
    rewind() {
      for (const source of all) source.rewind()
    },
  }
}
