import type { ReleaseName } from '../../installation/release-evidence.ts'
import { METADATA_ONLY_LIST } from '../../kube/client.ts'
import { LABEL_INSTANCE, LABEL_MANAGED_BY, MANAGED_BY } from '../../kube/names.ts'
import type { Reader } from '../../kube/read/reader.ts'
import type { KubeObject } from '../../kube/types.ts'

/** The pull secrets of one release that is not installed. */
export interface Leftover {
  readonly release: ReleaseName
  readonly secretName: string
  readonly namespaces: readonly string[]
}

/**
 * Reads the pull secrets of releases that are not installed; metadata only. Undefined if they are
 * not readable, or if it is not known which releases are installed: without the right to list
 * ConfigMaps everywhere, a release may remain unfound.
 */
export async function readLeftovers(
  reader: Reader,
  installed: readonly ReleaseName[],
): Promise<readonly Leftover[] | undefined> {
  if (reader.unread.some(({ what }) => what.startsWith('ConfigMaps'))) return undefined
  const known = new Set(installed.map(({ namespace, name }) => `${namespace}.${name}`))
  const secrets = await reader.list('Secrets with the labels of acr-nopass', '/api/v1/secrets', {
    accept: METADATA_ONLY_LIST,
    query: {
      labelSelector: `${LABEL_MANAGED_BY}=${MANAGED_BY}`,
      // Helm's records and other Secrets with these labels are not pull secrets.
      fieldSelector: 'type=kubernetes.io/dockerconfigjson',
    },
    transform: ({ metadata: { namespace = '', name, labels } }: KubeObject) => {
      return { namespace, name, instance: labels?.[LABEL_INSTANCE] ?? '' }
    },
  })
  if (secrets === undefined) return undefined
  // A namespace has no dot in its name, but a release may have one.
  const left = secrets.filter(({ instance }) => /^[^.]+\../.test(instance) && !known.has(instance))
  return [...Map.groupBy(left, ({ instance, name }) => `${instance} ${name}`).values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const dot = first.instance.indexOf('.')
    const release = { namespace: first.instance.slice(0, dot), name: first.instance.slice(dot + 1) }
    return [{ release, secretName: first.name, namespaces: group.map(({ namespace }) => namespace) }]
  })
}
