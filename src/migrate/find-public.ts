import { queryManifest, referenceOf } from '../acr/query-manifest.ts'
import { isAcrHost, parseImage } from '../acr/registry-domains.ts'
import type { HttpSender } from '../alibaba/transport/http-sender.ts'

/** The maximum number of images that are requested. */
const MOST = 50

/**
 * Requests images without a login, to find those that anyone may pull. Only ACR's own hosts get a
 * request, because the name of an image is another user's text. An image without a clear response
 * is absent from the result.
 */
export async function findPublic(
  send: HttpSender,
  images: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, boolean>> {
  const known = new Map<string, boolean>()
  const silent = new Set<string>()
  const wanted = [...new Set(images)].filter((image) => isAcrHost(parseImage(image).host)).slice(0, MOST)
  for (const image of wanted) {
    const { host, repository } = parseImage(image)
    const asked = publicHost(host)
    if (silent.has(asked)) continue
    const request = {
      host: asked,
      repository,
      reference: referenceOf(image),
      issuedByAcr: true,
      username: '',
      password: '',
    }
    const { result } = await queryManifest(send, request, signal)
    if (result === 'found') known.set(image, true)
    if (result === 'denied' || result === 'login-refused') known.set(image, false)
    if (result === 'unreachable') silent.add(asked)
  }
  return known
}

/**
 * Returns the Personal Edition's internet host for its VPC host. The repositories are the same, and
 * the internet host is reachable from outside the VPC.
 */
function publicHost(host: string): string {
  return host.replace(/^(registry(?:-intl)?)-(?:vpc|internal)\./, '$1.')
}
