import { queryManifest, referenceOf } from '../acr/query-manifest.ts'
import { isAcrHost, parseImage } from '../acr/registry-domains.ts'
import type { HttpSender } from '../alibaba/transport/http-sender.ts'

/** More images are not asked for. */
const MOST = 50

/**
 * Asks the registries, without a login, whether anyone may pull an image. Only ACR's own hosts are
 * asked, because an image's name is another user's text. An image without a clear response is
 * absent.
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
 * The Personal Edition's host on the internet for one of a VPC, which has the same repositories and
 * is reachable from elsewhere.
 */
function publicHost(host: string): string {
  return host.replace(/^(registry(?:-intl)?)-(?:vpc|internal)\./, '$1.')
}
