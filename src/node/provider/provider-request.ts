import { NopassError } from '../../errors.ts'
import { isRecord, type JsonObject, parseObject, textOf } from '../../lib/json.ts'
import { API_VERSION } from '../provider-config.ts'

/** What the kubelet asks for. */
export interface ImageRequest {
  /** Without tag and digest. */
  readonly image: string
  /** The Pod's ServiceAccount. Undefined for a static Pod, and if the kubelet passes no token. */
  readonly account?: PodAccount
}

export interface PodAccount {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  /** For Alibaba Cloud's STS. The kubelet requested it, so its claims are not verified here. */
  readonly token: string
  /** Only the annotations that the kubelet's configuration names. */
  readonly annotations: Readonly<Record<string, string>>
}

/**
 * Reads a CredentialProviderRequest (Kubernetes, k8s.io/kubelet/pkg/apis/credentialprovider/v1).
 * @throws NODE_REQUEST_INVALID, which never quotes the request
 */
export function readRequest(text: string): ImageRequest {
  const request = parseObject(text)
  if (request?.kind !== 'CredentialProviderRequest' || request.apiVersion !== API_VERSION) {
    throw invalid(`standard input has no CredentialProviderRequest of ${API_VERSION}`)
  }
  const image = textOf(request.image)
  if (image === '') throw invalid('the request names no image')
  const token = textOf(request.serviceAccountToken)
  if (token === '') return { image }
  return { image, account: { ...readClaims(token), token, annotations: textsOf(request.serviceAccountAnnotations) } }
}

function readClaims(token: string): Pick<PodAccount, 'namespace' | 'name' | 'uid'> {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
  const claims = parseObject(payload)?.['kubernetes.io']
  const { namespace, serviceaccount } = isRecord(claims) ? claims : ({} as JsonObject)
  const { name, uid } = isRecord(serviceaccount) ? serviceaccount : ({} as JsonObject)
  const found = { namespace: textOf(namespace), name: textOf(name), uid: textOf(uid) }
  if (Object.values(found).includes('')) throw invalid('the token of the request names no ServiceAccount')
  return found
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  const entries = isRecord(value) ? Object.entries(value) : []
  return Object.fromEntries(entries.flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])))
}

function invalid(message: string): NopassError {
  return new NopassError('NODE_REQUEST_INVALID', message)
}
