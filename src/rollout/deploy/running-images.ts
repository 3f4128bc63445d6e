import { unlessStatus } from '../../kube/api-error.ts'
import type { KubeCaller } from '../../kube/client.ts'
import { listPages } from '../../kube/list-pages.ts'
import { namespacedPath, type PodObject } from '../../kube/types.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'

/** An image that a Pod names, if the Pod has not ended. */
export interface RunningImage {
  readonly namespace: string
  readonly pod: string
  readonly image: string
}

/** Returns the images of these namespaces. Undefined if the caller may not list Pods. */
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
export async function readAll<T, K>(
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
