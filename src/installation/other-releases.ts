import { unlessStatus } from '../kube/api-error.ts'
import { get, type KubeCaller, METADATA_ONLY_LIST } from '../kube/client.ts'
import { listPages } from '../kube/list-pages.ts'
import { LABEL_INSTANCE } from '../kube/names.ts'
import { type KubeObject, keyOf } from '../kube/types.ts'
import { type Candidate, judgeCandidates, type ReleaseName } from './release-evidence.ts'

/**
 * Other releases of acr-nopass in the cluster, by their Deployments, also what only has the labels;
 * undefined if the deployer lacks the right to list them.
 */
export async function otherReleases(
  caller: KubeCaller,
  own: { readonly namespace: string; readonly release: string },
): Promise<readonly Candidate[] | undefined> {
  const names = await unlessStatus(listDeployments(caller), 403)
  const others = names?.filter(({ namespace, name }) => namespace !== own.namespace || name !== own.release)
  return others && judgeCandidates(caller, others)
}

/**
 * By metadata alone: users of the cluster may create many and large Deployments with these labels.
 */
async function listDeployments({ client, signal }: KubeCaller): Promise<readonly ReleaseName[]> {
  const query = { labelSelector: 'app.kubernetes.io/name=acr-nopass' }
  const call = { path: '/apis/apps/v1/deployments', query, accept: METADATA_ONLY_LIST, pageSize: 500 }
  const found = new Map<string, ReleaseName>()
  for await (const { items } of listPages<KubeObject>(client, call, signal)) {
    for (const { metadata } of items ?? []) {
      const one = { namespace: metadata.namespace ?? '', name: metadata.labels?.[LABEL_INSTANCE] ?? '' }
      found.set(keyOf(one), one)
    }
  }
  return [...found.values()]
}

/** Deployments of the vendor's own credential helper, self-managed and webhook. */
const ADDONS = ['aliyun-acr-credential-helper', 'acr-credential-helper-webhook']
/** Part of the name of the vendor's images, also in another registry. */
const ADDON_IMAGE = 'acr-credential-helper'

interface DeploymentView {
  readonly spec?: { readonly template?: { readonly spec?: { readonly containers?: readonly { image?: string }[] } } }
}

/**
 * Which of the vendor's credential helpers work in the cluster, by name and image: anything may
 * have such a name. One that cannot be read counts as absent.
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
