import type { judgeImages, LimitedImage, NamespaceUnions } from '../../acr/limited-images.ts'
import { pluralize, summarize } from '../../lib/text.ts'
import { printable } from '../../printable.ts'

/**
 * With more credentials in one cluster, requests for sessions and tokens may exceed the cloud's
 * rate limits.
 */
const MANY = 50

/** Says how many limited credentials a cluster needs. */
export function describeCount(unions: NamespaceUnions): string {
  const credentials = new Set([...unions.values()].flat().map(({ name }) => name))
  const count = `limits: ${pluralize(credentials.size, 'limited credential')} for ${pluralize(unions.size, 'namespace')}`
  if (credentials.size <= MANY) return count
  const fix = 'Give more namespaces the same lists, for example by one entry for several teams.'
  return `${count}. More than ${MANY} may exceed the rate limits of STS and Container Registry. ${fix}`
}

/** Says which images of running Pods the limited credentials will not pull. */
export function describeImages({ inside, outside }: ReturnType<typeof judgeImages>): string | undefined {
  if (outside.length > 0) return describeOutside(outside)
  if (inside.length === 0) return undefined
  return `limits: the credentials can pull the images of running Pods (${inside.length} checked)`
}

function describeOutside(outside: readonly LimitedImage[]): string {
  const images = outside.map(({ namespace, pod, reference }) => {
    return printable(`${reference.repository} (Pod ${namespace}/${pod})`)
  })
  const fix = 'Add them to the `repositories` of an entry that targets their namespace.'
  return `limits: the credential will not pull these images of running Pods any more: ${summarize(images)}. ${fix}`
}
