import { ACR_DOMAINS } from './registry-domains.ts'

/**
 * Creates a test whether `admissionImages: acr` includes an image: one of ACR's own domains, or of
 * the given domains, which are those of the values. The helper's report may have more domains, but
 * the admission policy does not read it (`acr-nopass.acr-images-pattern` in
 * chart/templates/_pod-policy.tpl).
 */
export function createImageTest(domains: readonly string[]): (image: string) => boolean {
  const quoted = (domain: string): string => domain.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')
  const isExact = (domain: string): boolean => /[:/]/.test(domain)
  const hosts = [ACR_DOMAINS, ...domains.filter((domain) => !isExact(domain)).map(quoted)]
  const exact = domains.filter(isExact).map(quoted)
  const pattern = new RegExp(`^(${[`(${hosts.join('|')})(:[0-9]+)?`, ...exact].join('|')})/`)
  return (image) => pattern.test(image)
}
