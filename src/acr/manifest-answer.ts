/** What a registry itself says of one image to one login. */
export interface ManifestAnswer {
  readonly result:
    | 'found'
    /** The registry knows the login and gives it no right on the repository; or hides that there is none. */
    | 'denied'
    | 'login-refused'
    | 'repository-absent'
    | 'tag-absent'
    | 'throttled'
    | 'unreachable'
    /** It was not asked. */
    | 'skipped'
  /** One line without secrets: who was asked, what was answered. */
  readonly detail: string
  /** `linux/amd64`; of an image for one platform too. Empty: the registry does not say. */
  readonly platforms: readonly string[]
  /** Node's own word for why there was no answer, such as `ENOTFOUND`. */
  readonly reason?: string
}

const MOST_CODES = 10
const MOST_PLATFORMS = 100

/** The codes of a registry's error answer (OCI distribution specification, "Error Codes"). */
export function errorCodes(text: string): readonly string[] {
  const errors = parseObject(text)?.errors
  if (!Array.isArray(errors)) return []
  return errors
    .slice(0, MOST_CODES)
    .map((error: { code?: unknown } | null) => error?.code)
    .filter((code): code is string => typeof code === 'string' && /^[A-Z_]{1,64}$/.test(code))
}

/** The platforms of an index; those without one (attestations) are `unknown/unknown` and left out. */
export function indexPlatforms(manifest: Readonly<Record<string, unknown>>): readonly string[] {
  const entries: readonly unknown[] = Array.isArray(manifest.manifests) ? manifest.manifests : []
  const platforms = entries
    .slice(0, MOST_PLATFORMS)
    .map((entry) => platformOf((entry as { platform?: Parameters<typeof platformOf>[0] } | null)?.platform))
  return [
    ...new Set(platforms.filter((platform) => platform !== undefined && !platform.startsWith('unknown'))),
  ] as string[]
}

/** `linux/arm64` of an image's configuration or of an index's entry. */
export function platformOf(
  value: { readonly os?: unknown; readonly architecture?: unknown } | undefined,
): string | undefined {
  const { os, architecture } = value ?? {}
  const isWord = (word: unknown): word is string => typeof word === 'string' && /^[a-z0-9]{1,20}$/.test(word)
  return isWord(os) && isWord(architecture) ? `${os}/${architecture}` : undefined
}

/** The digest of the configuration of an image for one platform. */
export function configDigest(manifest: Readonly<Record<string, unknown>>): string | undefined {
  const { digest } = (manifest.config ?? {}) as { digest?: unknown }
  return typeof digest === 'string' && /^[a-z0-9]+:[a-f0-9]{32,}$/.test(digest) ? digest : undefined
}

export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
