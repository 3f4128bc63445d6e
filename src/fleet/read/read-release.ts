import { hasCode } from '../../errors.ts'
import { type ManifestObject, objectTitle } from '../../helm/release/manifest.ts'
import type { InstalledRelease } from '../../helm/release/release-record.ts'
import type { Revision } from '../../helm/release/release-state.ts'
import { METADATA_ONLY } from '../../kube/client.ts'
import { LABEL_INSTANCE } from '../../kube/names.ts'
import { discoverResources, objectPath, type ServedKind } from '../../kube/read/api-resources.ts'
import type { Reader } from '../../kube/read/reader.ts'
import { apiRoot, type KubeObject, namespacedPath } from '../../kube/types.ts'
import type { openRecords } from '../../rollout/release/open-release.ts'
import type { ObjectDrift } from '../cluster-facts.ts'
import { addedFields } from '../drift/added-fields.ts'
import { changedFields } from '../drift/compare-object.ts'

interface ReleaseName {
  readonly namespace: string
  readonly name: string
}

/**
 * Reads Helm's records of a release, and compares the live objects with the deployed revision's
 * manifest. Renders nothing. While a revision is pending or failed, the objects may be of two
 * revisions, so they are not compared.
 */
export async function readRelease(reader: Reader, records: ReturnType<typeof openRecords>, release: ReleaseName) {
  const { namespace, name } = release
  const what = `Helm's records of release ${namespace}/${name} (that needs list and get of Secrets in namespace ${namespace})`
  const history = await reader.attempt(what, () => records.history())
  const deployed = history && (await readDeployed(reader, records, history, what))
  const isSettled = history?.at(-1)?.status === 'deployed'
  const objects = deployed && isSettled ? await compareObjects(reader, deployed.objects, release) : undefined
  return { history, deployed, objects }
}

async function readDeployed(
  reader: Reader,
  records: ReturnType<typeof openRecords>,
  history: readonly Revision[],
  what: string,
): Promise<InstalledRelease | undefined> {
  const good = history.findLast(({ status }) => status === 'deployed')
  if (good === undefined) return undefined
  try {
    return await reader.attempt(what, () => records.content(good.revision))
  } catch (error) {
    if (!hasCode(error, 'HELM_CHART') && !hasCode(error, 'KUBE_NOT_FOUND')) throw error
    reader.note(what, error.message)
    return undefined
  }
}

type Live = KubeObject & Readonly<Record<string, unknown>>

/** Returns the objects that differ. An object that could not be read is recorded by the reader. */
async function compareObjects(
  reader: Reader,
  objects: readonly ManifestObject[],
  release: ReleaseName,
): Promise<readonly ObjectDrift[]> {
  const resourceOf = await discoverResources(reader, objects, (version, { message }) =>
    reader.note(`The kinds of ${version}`, message),
  )
  const unknown = new Set(reader.unread.map(({ what }) => what))
  const listed = await listLabelled(reader, objects, resourceOf, release)
  const compared = objects.map(async (object): Promise<readonly ObjectDrift[]> => {
    const title = objectTitle(object)
    const missing: ObjectDrift = { object: title, change: 'missing', fields: [], added: [] }
    const kind = resourceOf(object)
    if (kind === undefined) {
      return unknown.has(`The kinds of ${object.apiVersion}`) ? [] : [missing]
    }
    const path = objectPath(kind, object, release.namespace)
    const live = listed.get(path) ?? (await readObject(reader, object, path))
    if (live === undefined) return []
    if (live === null) return [missing]
    const fields = changedFields(object.body, live)
    const added = addedFields(object.body, live.metadata.managedFields)
    return fields.length + added.length === 0 ? [] : [{ object: title, change: 'changed', fields, added }]
  })
  return (await Promise.all(compared)).flat()
}

/** Reads one object, of a Secret only metadata. */
function readObject(reader: Reader, object: ManifestObject, path: string): Promise<Live | null | undefined> {
  return reader.get<Live>(objectTitle(object), path, object.kind === 'Secret' ? METADATA_ONLY : undefined)
}

/**
 * Returns objects with the release's label by path. One list replaces several reads of a kind in
 * one namespace. An object that is not in a list is read by itself later, because its label may
 * have been removed. Secrets are never listed with their content.
 */
async function listLabelled(
  reader: Reader,
  objects: readonly ManifestObject[],
  resourceOf: (object: ManifestObject) => ServedKind | undefined,
  { namespace, name }: ReleaseName,
): Promise<ReadonlyMap<string, Live>> {
  const places = Map.groupBy(
    objects.filter(({ kind }) => kind !== 'Secret'),
    (object) => {
      const kind = resourceOf(object)
      if (kind === undefined) return ''
      const root = apiRoot(kind.apiVersion)
      return kind.namespaced
        ? namespacedPath(root, object.namespace ?? namespace, kind.plural)
        : `${root}/${kind.plural}`
    },
  )
  const several = [...places].filter(([path, { length }]) => path !== '' && length > 1).map(([path]) => path)
  const query = { labelSelector: `${LABEL_INSTANCE}=${name}` }
  const found = await Promise.all(
    several.map(async (path) => {
      const items = await reader.list<Live>(`Objects of the release at ${path}`, path, { query })
      // Some proxies remove `managedFields` from a list. Such an object is read by itself.
      return (items ?? [])
        .filter(({ metadata }) => metadata.managedFields?.length)
        .map((item) => [`${path}/${encodeURIComponent(item.metadata.name)}`, item] as const)
    }),
  )
  return new Map(found.flat())
}
