import type { KubeClient } from '../../kube/client.ts'
import { DEFAULT_SECRET_NAME } from '../../kube/names.ts'
import { findAddons } from '../../release/cluster-reads.ts'
import { findRelease, type ReleaseChoice, type ReleaseFacts } from '../../release/find-release.ts'
import type { Reader } from '../../release/reader.ts'
import { createTargets } from '../../release/targets.ts'
import { createTransforms, type Transforms } from '../../release/views.ts'
import type { CloudSnapshot } from '../cloud/cloud-facts.ts'
import type { Observed } from '../observed.ts'

export interface ObserveRequest extends ReleaseChoice {
  readonly server: string
  /** How far this machine's clock is ahead of the API server's, milliseconds; undefined: not known. */
  readonly aheadMs: () => number | undefined
  /** Reads Alibaba Cloud for a release, or returns why not. */
  readonly inspect: (release: ReleaseFacts) => Promise<CloudSnapshot>
}

type Base = Pick<Observed, 'now' | 'aheadMs' | 'server' | 'kubernetes' | 'release' | 'others' | 'addons'>

/**
 * The base of every diagnosis: the server, the release, and others that do the same.
 * @throws NopassError if the API server cannot be reached or does not know the caller
 */
export async function observeBase(
  client: KubeClient,
  reader: Reader,
  { server, aheadMs: readAheadMs, ...choice }: ObserveRequest,
  signal: AbortSignal,
): Promise<Base> {
  const version = await client.request<{ gitVersion?: string }>({ method: 'GET', path: '/version' }, signal)
  const [{ chosen, others }, addons] = await Promise.all([findRelease(reader, choice), findAddons(client, signal)])
  const aheadMs = readAheadMs()
  return {
    now: Date.now() - (aheadMs ?? 0),
    aheadMs,
    server,
    kubernetes: version.gitVersion,
    release: chosen,
    others,
    addons,
  }
}

export const NOT_INSPECTED: CloudSnapshot = { state: 'not-inspected', why: 'no release was found' }

/** What a release's Secrets are called, and the functions that reduce objects as its helper does. */
export function lensOf({ namespace, name, config, status }: ReleaseFacts): {
  readonly secretName: string
  readonly transforms: Transforms
} {
  const secretName = config?.secretName ?? status?.secretName ?? DEFAULT_SECRET_NAME
  return {
    secretName,
    transforms: createTransforms({
      instance: `${namespace}.${name}`,
      secretLabels: {},
      secretName,
      namespaceLabels: config === undefined ? new Set() : createTargets(config).namespaceLabels,
    }),
  }
}
