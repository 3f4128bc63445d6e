/** An image's name, split at what identifies the registry. */
export interface ImageReference {
  /** With its port; `docker.io` for a name without a host. */
  readonly host: string
  /** Without tag and digest. */
  readonly repository: string
}

/** Parses an image's name as container runtimes do. */
export function parseImage(image: string): ImageReference {
  const [first = '', ...rest] = image.split('/')
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  const host = hasHost ? first.toLowerCase() : 'docker.io'
  const path = hasHost ? rest.join('/') : image
  const repository = path.split('@')[0]?.replace(/:[^/:]*$/, '') ?? path
  return { host, repository: hasHost || rest.length > 0 ? repository : `library/${repository}` }
}

/** Whether a domain of a registry (`host`, `host:port` or `host/namespace`) is the one that the image is pulled from. */
export function isCoveredBy(domain: string, image: ImageReference): boolean {
  const [host = '', ...path] = domain.split('/')
  if (host.toLowerCase() !== image.host) return false
  const prefix = path.join('/')
  return prefix === '' || image.repository === prefix || image.repository.startsWith(`${prefix}/`)
}
