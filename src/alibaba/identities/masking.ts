import type { CredentialProvider } from '../credentials.ts'

/**
 * Masks every secret before it can be printed. In a chain of roles, each step of the chain is
 * masked.
 */
export function masking(provider: CredentialProvider, mask: (secret: string) => void): CredentialProvider {
  const watch = async (work: ReturnType<CredentialProvider['get']>): ReturnType<CredentialProvider['get']> => {
    const credentials = await work
    mask(credentials.accessKeySecret)
    if (credentials.securityToken) mask(credentials.securityToken)
    return credentials
  }
  return { ...provider, get: (signal) => watch(provider.get(signal)), fresh: (signal) => watch(provider.fresh(signal)) }
}

/** Masks each secret once, because each call prints a line. */
export function maskOnce(mask: (secret: string) => void): (secret: string) => void {
  const known = new Set<string>()
  return (secret) => {
    if (!known.has(secret)) mask(secret)
    known.add(secret)
  }
}
