import { unlessStatus } from '../kube/api-error.ts'
import { get, type KubeCaller, METADATA_ONLY_LIST } from '../kube/client.ts'
import { listPages } from '../kube/list-pages.ts'
import { LABEL_INSTANCE, OUR_SELECTOR } from '../kube/names.ts'
import { type KubeObject, keyOf } from '../kube/types.ts'
import { type Candidate, judgeCandidates, type ReleaseName } from './release-evidence.ts'

/**
 * Returns other releases of acr-nopass in the cluster. Finds them by their Deployments, and by
 * their ConfigMaps if they have no helper, so objects that merely have the labels are included.
 * Undefined if the deployer lacks the right to list one of the two.
 */
export async function otherReleases(
  caller: KubeCaller,
  own: { readonly namespace: string; readonly release: string },
): Promise<readonly Candidate[] | undefined> {
  const lists = await Promise.all(KINDS.map((path) => unlessStatus(listNames(caller, path), 403)))
  const all = lists.includes(undefined) ? undefined : lists.flatMap((names) => names ?? [])
  const names = all && [...new Map(all.map((one) => [keyOf(one), one])).values()]
  const others = names?.filter(({ namespace, name }) => namespace !== own.namespace || name !== own.release)
  return others && judgeCandidates(caller, others)
}

/** What a release has: the helper's Deployment, and its configuration, also without a helper. */
const KINDS = ['/apis/apps/v1/deployments', '/api/v1/configmaps']

/**
 * Reads only metadata, because users of the cluster may create many and large objects with these
 * labels.
 */
async function listNames({ client, signal }: KubeCaller, path: string): Promise<readonly ReleaseName[]> {
  const query = { labelSelector: OUR_SELECTOR }
  const call = { path, query, accept: METADATA_ONLY_LIST, pageSize: 500 }
  const found = new Map<string, ReleaseName>()
  for await (const { items } of listPages<KubeObject>(client, call, signal)) {
    for (const { metadata } of items ?? []) {
      const one = { namespace: metadata.namespace ?? '', name: metadata.labels?.[LABEL_INSTANCE] ?? '' }
      found.set(keyOf(one), one)
    }
  }
  return [...found.values()]
}

/**
 * Deployments of the vendor's own credential helper: the self-managed component and its webhook.
 */
const ADDONS = ['aliyun-acr-credential-helper', 'acr-credential-helper-webhook']
/** Part of the name of the vendor's images, which may also be in another registry. */
const ADDON_IMAGE = 'acr-credential-helper'

interface DeploymentView {
  readonly spec?: { readonly template?: { readonly spec?: { readonly containers?: readonly { image?: string }[] } } }
}

/**
 * Returns which of the vendor's credential helpers run in the cluster. Compares name and image,
 * because any Deployment may have such a name. A Deployment that cannot be read counts as absent.
 */
export async function findAddons(caller: KubeCaller): Promise<readonly string[]> {
  const path = '/apis/apps/v1/namespaces/kube-system/deployments'
  const found = await Promise.all(
    ADDONS.map((name) => unlessStatus(get<DeploymentView>(caller, `${path}/${name}`), 403, 404)),
  )
  return ADDONS.filter((_, index) =>
    found[index]?.spec?.template?.spec?.containers?.some(({ image = '' }) => image.includes(ADDON_IMAGE)),
  )
}
