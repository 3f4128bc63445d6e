import { hostOf, isAcrHost } from '../../acr/registry-domains.ts'
import { declaredBy, ownsContent } from '../../kube/managed-fields.ts'
import { LABEL_MANAGED_BY, MANAGED_BY } from '../../kube/names.ts'
import type { KubeObject } from '../../kube/types.ts'
import { isRecord, recordsOf } from '../../lib/json.ts'
import { findReplicator } from '../remove/find-copies.ts'
import { authsOf, hostKey, isTemporary, loginOf, markOf } from '../remove/old-logins.ts'

/** A pull secret, without any part of its logins. */
export interface PullSecret {
  readonly namespace: string
  readonly name: string
  /** RFC 3339; undefined if the API server did not send it. */
  readonly createdAt: string | undefined
  /** The last write of the content, RFC 3339; undefined if it is not recorded. */
  readonly writtenAt: string | undefined
  /** The owner or the tool that would write the Secret again. */
  readonly writer: string | undefined
  /** True if acr-nopass writes the Secret, so that none of its logins counts. */
  readonly isOurs: boolean
  /** True if the content has no list of logins, so no kubelet can pull with it. */
  readonly isBroken: boolean
  /**
   * Keys of ACR's static logins in the form that the kubelet compares: `host`, `host:port` or
   * `host/path`, sorted. At most {@link MOST_HOSTS}.
   */
  readonly hosts: readonly string[]
  /** Marks of the static logins of {@link hosts}. They are worthless outside of this run. */
  readonly marks: readonly string[]
  /** The label or annotation of a program that copies the Secret; undefined: none. */
  readonly replicator: string | undefined
  /** Static logins of ACR beyond {@link hosts}. */
  readonly moreHosts: number
  /** Temporary logins of ACR. They expire, so they are not passwords. */
  readonly temporary: number
  /** Logins of other registries. Their hosts are not kept. */
  readonly others: number
}

/** One Secret of 1 MiB can have 20,000 logins. */
const MOST_HOSTS = 50

/**
 * Reduces a pull secret. A login counts as ACR's by its host, and as temporary by its user name.
 * @param secretName the name of acr-nopass's own Secrets
 * @param customHosts hosts of custom domains that are known to be ACR's
 */
export function describePullSecret(
  { metadata, ...content }: KubeObject,
  secretName: string,
  customHosts: ReadonlySet<string>,
): PullSecret {
  const { namespace = 'default', name, creationTimestamp, managedFields = [] } = metadata
  const { type, data } = content as { readonly type?: unknown; readonly data?: unknown }
  const auths = authsOf(dataOfType(type, data))
  const logins = Object.entries(auths ?? {}).filter(([, entry]) => loginOf(entry) !== '')
  const ofAcr = logins.filter(([key]) => mayBeAcr(hostKey(key), customHosts))
  const fixed = ofAcr.filter(([, entry]) => !isTemporary(entry))
  const hosts = [...new Set(fixed.map(([key]) => hostKey(key)))].sort()
  const written = managedFields.filter(({ fieldsV1 }) => isRecord(fieldsV1) && 'f:data' in fieldsV1)
  return {
    namespace,
    name,
    createdAt: creationTimestamp,
    writtenAt: written
      .flatMap(({ time }) => time ?? [])
      .sort()
      .at(-1),
    writer: ownerOfSecret(metadata) ?? declaredBy(managedFields, ['f:data'], HANDS),
    isOurs: isOurs(metadata, secretName),
    isBroken: auths === undefined,
    hosts: hosts.slice(0, MOST_HOSTS),
    marks: [...new Set(fixed.slice(0, MOST_HOSTS).map(([, entry]) => markOf(entry)))],
    replicator: findReplicator(metadata),
    moreHosts: Math.max(0, hosts.length - MOST_HOSTS),
    temporary: ofAcr.length - fixed.length,
    others: logins.length - ofAcr.length,
  }
}

/** What a person uses: `kubectl apply` in both of its forms. */
const HANDS: readonly string[] = ['kubectl', 'kubectl-client-side-apply']

/**
 * Returns the one key that the kubelet reads for a type (Kubernetes,
 * pkg/credentialprovider/secrets/secrets.go).
 */
function dataOfType(type: unknown, data: unknown): unknown {
  const key = type === 'kubernetes.io/dockercfg' ? '.dockercfg' : '.dockerconfigjson'
  return isRecord(data) ? { [key]: data[key] } : undefined
}

/** The helper must still own the content, because anyone may set the label or use the name. */
export function isOurs({ name, labels = {}, managedFields }: KubeObject['metadata'], secretName: string): boolean {
  return name === secretName && labels[LABEL_MANAGED_BY] === MANAGED_BY && ownsContent(managedFields)
}

function ownerOfSecret(metadata: object): string | undefined {
  const { ownerReferences } = metadata as { readonly ownerReferences?: unknown }
  const [first] = recordsOf(ownerReferences)
  return first && `${String(first.kind)} ${String(first.name)}`
}

/** True for a host of ACR, and for a pattern that may match one. */
function mayBeAcr(key: string, customHosts: ReadonlySet<string>): boolean {
  const host = hostOf(key)
  if (isAcrHost(host) || customHosts.has(host)) return true
  return isPattern(host) && /(^|\.)aliyuncs\.com(:\d+)?$/.test(host)
}

/** True if the kubelet compares the host as a pattern. */
export function isPattern(host: string): boolean {
  return /[*?[]/.test(host)
}
