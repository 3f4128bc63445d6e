import { KubeApiError } from '../kube/api-error.ts'
import { type KubeClient, MERGE_PATCH, METADATA_ONLY_LIST } from '../kube/client.ts'
import { LABEL_INSTANCE, LABEL_MANAGED_BY, MANAGED_BY } from '../kube/names.ts'

interface MetadataList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string }
  }[]
}

interface ServiceAccountList {
  readonly items: readonly {
    readonly metadata: {
      readonly name: string
      readonly namespace: string
      readonly uid: string
      readonly resourceVersion: string
    }
    readonly imagePullSecrets?: readonly { readonly name: string }[]
  }[]
}

export interface TakenBack {
  readonly detached: number
  readonly deleted: number
  /** What could not be done, for the report. */
  readonly left: readonly string[]
}

/**
 * Removes our entry from every ServiceAccount and deletes our pull secrets, with the rights of whoever runs this (the
 * helper itself may never delete). Secrets are listed as metadata and only ours, by their labels, are deleted.
 */
export async function takeBackSecrets(
  client: KubeClient,
  own: { readonly secretName: string; readonly instance: string },
  signal: AbortSignal,
): Promise<TakenBack> {
  const left: string[] = []
  const detached = await detachAll(client, own.secretName, left, signal)
  const query = { labelSelector: `${LABEL_MANAGED_BY}=${MANAGED_BY},${LABEL_INSTANCE}=${own.instance}` }
  const list = await client.request<MetadataList>(
    { method: 'GET', path: '/api/v1/secrets', query, accept: METADATA_ONLY_LIST },
    signal,
  )
  const ours = list.items.filter(({ metadata }) => metadata.name === own.secretName)
  let deleted = 0
  for (const { metadata } of ours) {
    const path = `/api/v1/namespaces/${metadata.namespace}/secrets/${metadata.name}`
    const body = { preconditions: { uid: metadata.uid } }
    if (
      await attempt(
        () => client.request({ method: 'DELETE', path, body }, signal),
        `Secret ${metadata.namespace}/${metadata.name}`,
        left,
      )
    )
      deleted++
  }
  return { detached, deleted, left }
}

async function detachAll(client: KubeClient, secretName: string, left: string[], signal: AbortSignal): Promise<number> {
  const list = await client.request<ServiceAccountList>({ method: 'GET', path: '/api/v1/serviceaccounts' }, signal)
  let detached = 0
  for (const { metadata, imagePullSecrets = [] } of list.items) {
    if (!imagePullSecrets.some(({ name }) => name === secretName)) continue
    const path = `/api/v1/namespaces/${metadata.namespace}/serviceaccounts/${metadata.name}`
    const { uid, resourceVersion } = metadata
    const body = {
      metadata: { uid, resourceVersion },
      imagePullSecrets: imagePullSecrets.filter(({ name }) => name !== secretName),
    }
    const patch = () => client.request({ method: 'PATCH', path, body, contentType: MERGE_PATCH }, signal)
    if (await attempt(patch, `ServiceAccount ${metadata.namespace}/${metadata.name}`, left)) detached++
  }
  return detached
}

/** A refusal or a race is reported and the rest goes on; gone already is done. */
async function attempt(work: () => Promise<unknown>, title: string, left: string[]): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (!(error instanceof KubeApiError) || error.status === 0) throw error
    if (error.status !== 404) left.push(`${title}: ${error.code}`)
    return false
  }
}
