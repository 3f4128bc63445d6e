const FORM = /^sha256:[0-9a-f]{64}$/

/** @throws Error when the text is not `sha256:` and 64 hexadecimal digits */
export function checkDigest(digest: string): string {
  if (!FORM.test(digest)) throw new Error(`${digest || 'nothing'} is not a digest sha256:…`)
  return digest
}

/** Reads the digest of the pushed index from the file of `docker buildx build --metadata-file`. */
export function readImageDigest(metadata: string): string {
  const { 'containerimage.digest': digest = '' } = JSON.parse(metadata) as { 'containerimage.digest'?: string }
  return checkDigest(digest)
}
