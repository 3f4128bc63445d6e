import type { RunningImage } from '../../acr/limited-images.ts'
import { createTransforms, type NamespaceView } from '../../installation/object-views.ts'
import { createTargets } from '../../installation/targets.ts'
import { unlessStatus } from '../../kube/api-error.ts'
import { type KubeCaller, METADATA_ONLY_LIST } from '../../kube/client.ts'
import { listPages } from '../../kube/list-pages.ts'
import { type KubeObject, namespacedPath, type PodObject } from '../../kube/types.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'

/** Returns the namespaces that targets can match. Undefined if the caller may not list them. */
export async function listNamespaces(
  caller: KubeCaller,
  config: HelperConfig,
): Promise<readonly NamespaceView[] | undefined> {
  const { listedNamespaces, namespaceLabels } = createTargets(config)
  const { namespace: view } = createTransforms({ instance: '', secretLabels: {}, namespaceLabels, secretName: '' })
  // With `scope: namespaces` no label counts, and the deployer may be unable to list Namespaces.
  if (config.scope === 'namespaces') return listedNamespaces.map((name) => view({ metadata: { name } } as KubeObject))
  const call = { path: '/api/v1/namespaces', accept: METADATA_ONLY_LIST, pageSize: 500 }
  return readAll<KubeObject, NamespaceView>(caller, call, (object) => [view(object)])
}

/**
 * Returns the images of Pods that have not ended, in these namespaces. Undefined if the caller may
 * not list Pods.
 */
export async function listRunningImages(
  caller: KubeCaller,
  { scope }: HelperConfig,
  namespaces: ReadonlySet<string>,
): Promise<readonly RunningImage[] | undefined> {
  const paths =
    scope === 'namespaces' ? [...namespaces].map((name) => namespacedPath('/api/v1', name, 'pods')) : ['/api/v1/pods']
  const query = { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' }
  const found: RunningImage[] = []
  for (const path of paths) {
    const images = await readAll<PodObject, RunningImage>(caller, { path, query, pageSize: 100 }, (pod) => {
      const { namespace = '', name } = pod.metadata
      return namespaces.has(namespace) ? imagesOf(pod).map((image) => ({ namespace, pod: name, image })) : []
    })
    if (images === undefined) return undefined
    found.push(...images)
  }
  return found
}

function imagesOf({ spec }: PodObject): readonly string[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]
  const volumes = (spec.volumes ?? []).map(({ image }) => image?.reference)
  return [...containers.map(({ image }) => image), ...volumes].flatMap((image) => image || [])
}

/** Returns undefined if the caller may not list these objects. */
async function readAll<T, K>(
  { client, signal }: KubeCaller,
  call: Parameters<typeof listPages>[1],
  select: (object: T) => readonly K[],
): Promise<readonly K[] | undefined> {
  const read = async (): Promise<readonly K[]> => {
    const found: K[] = []
    for await (const { items } of listPages<T>(client, call, signal)) found.push(...(items ?? []).flatMap(select))
    return found
  }
  return unlessStatus(read(), 403)
}
