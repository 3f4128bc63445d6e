import { readDockerConfig } from '../../acr/docker-config.ts'
import { type ManifestRequest, type ManifestResult, queryManifest, referenceOf } from '../../acr/query-manifest.ts'
import { isCoveredBy, parseImage } from '../../acr/registry-domains.ts'
import type { HttpSender } from '../../alibaba/transport/http-sender.ts'
import { toNopassError } from '../../errors.ts'
import { itemsOf } from '../../installation/helper-status.ts'
import type { Reader } from '../../kube/read/reader.ts'
import { namespacedPath } from '../../kube/types.ts'
import { isLoopback } from '../../proxy-rules.ts'
import type { Observed, PodFacts } from '../observed.ts'
import { coveringRegistries, createPodContext, type PodContext } from '../pod/pod-context.ts'

/** Returns the registries' responses to the credential in a Pod's pull secret, by image. */
export type QueryRegistry = (observed: Observed, pod: PodFacts) => Promise<ReadonlyMap<string, ManifestResult>>

/**
 * Creates the query for a user who consented. It reads the pull secret with the user's rights, and
 * sends the credential only to the registry.
 */
export function createRegistryQuery(reader: Reader, send: HttpSender): QueryRegistry {
  return async (observed, pod) => {
    const context = createPodContext(observed)
    const responses = new Map<string, ManifestResult>()
    if (context === undefined) return responses
    const { secretName } = context.config
    const images = [...new Set(pod.containers.map(({ image }) => image))]
    const covered = images.filter((image) => coveringRegistries(image, context).length > 0)
    if (covered.length === 0 || observed.secrets?.get(pod.namespace) === undefined) return responses
    const path = namespacedPath('/api/v1', pod.namespace, 'secrets', secretName)
    const secret = await reader.attempt(`Secret ${pod.namespace}/${secretName} (content)`, () =>
      reader.request<{ data?: Record<string, string> }>(path),
    )
    if (secret === undefined) return responses
    const content = Buffer.from(secret.data?.['.dockerconfigjson'] ?? '', 'base64').toString()
    const query = (request: ManifestRequest) => queryManifest(send, request, reader.signal)
    for (const image of covered) responses.set(image, await queryImage(image, content, context, query))
    return responses
  }
}

async function queryImage(
  image: string,
  content: string,
  context: PodContext,
  send: (request: ManifestRequest) => Promise<ManifestResult>,
): Promise<ManifestResult> {
  const { config, observed } = context
  const skipped = (detail: string): ManifestResult => ({ result: 'skipped', detail, platforms: [] })
  const { host, repository } = parseImage(image)
  let logins: ReturnType<typeof readDockerConfig>
  try {
    logins = readDockerConfig(content)
  } catch (error) {
    return skipped(toNopassError(error).message)
  }
  const fitting = logins.filter(({ domains: [domain = ''] }) => isCoveredBy(domain, { host, repository }))
  // The most exact key comes first, as in the kubelet.
  const [login] = fitting.toSorted((a, b) => (b.domains[0]?.length ?? 0) - (a.domains[0]?.length ?? 0))
  if (login === undefined) return skipped(`the Secret has no login for ${host}`)
  const [name] = coveringRegistries(image, context)
  const edition = config.registries.find((registry) => registry.name === name)?.edition
  const issuedByAcr = edition !== undefined && edition !== 'static'
  const { username, password } = login
  const override = config.endpoints.registry
  const isLocal = override && URL.canParse(override) && isLoopback(new URL(override).hostname)
  const registry = isLocal ? new URL(override) : undefined
  const request = { repository, reference: referenceOf(image), username, password, issuedByAcr, registry }
  // The status is text from the cluster, so its domains are not trusted. The login is sent only to
  // hosts for which the Secret contains the same login.
  const same = logins.filter((one) => one.username === username && one.password === password)
  const hosts = new Set(same.flatMap(({ domains }) => domains))
  const { status = { registries: [] } } = observed.release ?? {}
  const domains = name === undefined ? [] : [...new Set(itemsOf(status, name).flatMap((item) => item.domains))]
  const others = domains.filter((domain) => !domain.includes('/') && domain !== host && hosts.has(domain))
  const first = await send({ ...request, host })
  if (first.result !== 'unreachable') return first
  // This machine may not reach a VPC domain, so the registry's other domains are tried.
  for (const other of others) {
    const response = await send({ ...request, host: other })
    if (response.result !== 'unreachable') return response
  }
  return first
}
