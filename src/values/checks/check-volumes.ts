import { type Cursor, repeated } from '../cursor.ts'
import type { ValuesError } from '../values-error.ts'

const OWN_VOLUMES: readonly string[] = ['config', 'token', 'oidc']
const OWN_PATHS: readonly string[] = [
  '/etc/acr-nopass/',
  '/var/run/secrets/kubernetes.io/serviceaccount/',
  '/var/run/secrets/acr-nopass/oidc/',
  // The program, its Node.js, and what the container has from its runtime.
  '/app/',
  '/nodejs/',
  '/proc/',
  '/sys/',
  '/dev/',
]

/** Volumes, resolver and strategy that the API server refuses, or that would break the helper: those of chart/templates/_validation.tpl. */
export function checkVolumes(values: Cursor): ValuesError[] {
  return [
    ...volumes(values.at('extraVolumes').items),
    ...mounts(values.at('extraVolumeMounts').items, values.at('extraVolumes').items),
    ...resolver(values),
    ...strategy(values.at('updateStrategy')),
  ]
}

function volumes(list: readonly Cursor[]): ValuesError[] {
  const again = repeated(list, (item) => item.at('name').text)
  return list.flatMap((item) => {
    const name = item.at('name')
    if (name.text === undefined) return []
    const what = `the volume \`${name.shown}\` in \`extraVolumes\``
    const isOwn = OWN_VOLUMES.includes(name.text)
    if (isOwn || again.includes(item)) {
      return [name.collision(`${what} ${isOwn ? "is one of the chart's own" : 'is there twice'}`, 'Rename it.')]
    }
    if (item.members.length === 2) return sources(item.at('projected', 'sources').items)
    const hint = 'Write one of configMap, secret, projected, emptyDir, csi and persistentVolumeClaim next to its name.'
    return [name.refused(`${what} needs exactly one source`, hint)]
  })
}

/** Where a source of a projected volume names a file. */
const FILE_KEYS: readonly string[] = ['path', 'credentialBundlePath', 'keyPath', 'certificateChainPath']

const DAY_SECONDS = 86_400

/** Each source of a projected volume has one kind, and each file one source. */
function sources(list: readonly Cursor[]): ValuesError[] {
  const files = list
    // The API server compares every path but that of a token.
    .filter((source) => source.members.length === 1 && source.at('serviceAccountToken').node === undefined)
    .flatMap(({ members }) => members.flatMap((kind) => [kind, ...kind.at('items').items]))
    .flatMap((one) => FILE_KEYS.map((key) => one.at(key)))
  const again = repeated(files, ({ text }) => text).map((file) => {
    const message = `two sources of a projected volume write the file ${file.shown}`
    return file.collision(message, 'Give one of them another path.')
  })
  return [...list.flatMap(checkSource), ...again]
}

function checkSource(source: Cursor): ValuesError[] {
  if (source.members.length > 1) {
    const message = 'a source of a projected volume has several types'
    return [source.refused(message, 'Write one source for each.')]
  }
  const bundle = source.at('clusterTrustBundle')
  const labels = bundle.at('labelSelector')
  if (labels.node !== undefined && bundle.at('name').node !== undefined) {
    const message = 'a bundle of certificates with a `name` has no `labelSelector`'
    return [labels.refused(message, 'Remove it, or name a `signerName`.')]
  }
  const certificate = source.at('podCertificate')
  const longest = certificate.at('maxExpirationSeconds')
  const isOwn = certificate.at('signerName').text?.startsWith('kubernetes.io/')
  if (!isOwn || !(Number(longest.value) > DAY_SECONDS)) return []
  const message = 'a signer of `kubernetes.io` issues certificates for a day at most'
  return [longest.refused(message, `Write at most ${DAY_SECONDS}.`)]
}

function mounts(list: readonly Cursor[], named: readonly Cursor[]): ValuesError[] {
  const names = named.map((volume) => volume.at('name').text)
  const whole = list.filter((item) => item.at('name').text !== undefined && item.at('mountPath').text !== undefined)
  const pathOf = (item: Cursor): string => `${item.at('mountPath').text?.replace(/\/$/, '')}/`
  const again = repeated(
    whole.filter((item) => names.includes(item.at('name').text)),
    pathOf,
  )
  return whole.flatMap((item) => {
    const [name, place] = [item.at('name'), item.at('mountPath')]
    if (!names.includes(name.text)) {
      const message = `\`extraVolumeMounts\` names the volume \`${name.shown}\`, and \`extraVolumes\` has none of that name`
      return [name.refused(message, 'Add it to `extraVolumes`.')]
    }
    const path = pathOf(item)
    const own = OWN_PATHS.find((one) => one.startsWith(path) || path.startsWith(one))
    if (own !== undefined) {
      const what = `the mount at ${place.shown} in \`extraVolumeMounts\``
      const message = `${what} would cover what the helper reads from ${own.slice(0, -1)}`
      return [place.collision(message, 'Choose another path.')]
    }
    if (!again.includes(item)) return []
    return [place.collision(`\`extraVolumeMounts\` has two mounts at ${place.shown}`, 'Remove one of the two.')]
  })
}

/** Of all search domains together, with a space between two. */
const SEARCH_LENGTH = 2048

function resolver(values: Cursor): ValuesError[] {
  const searches = values.at('dnsConfig', 'searches')
  if (searches.texts.join(' ').length > SEARCH_LENGTH) {
    const message = `\`dnsConfig.searches\` has more than ${SEARCH_LENGTH} characters in all`
    return [searches.refused(message, 'Remove some of them.')]
  }
  const policy = values.at('dnsPolicy')
  if (policy.value !== 'None' || values.at('dnsConfig', 'nameservers').items.length > 0) return []
  const message = '`dnsPolicy: None` needs `dnsConfig.nameservers`: nothing else configures how names are resolved'
  return [policy.refused(message, 'Add one, or choose another policy.')]
}

function strategy(strategy: Cursor): ValuesError[] {
  const rolling = strategy.at('rollingUpdate')
  if (!rolling.isMap) return []
  if (strategy.at('type').value === 'Recreate') {
    const message = '`updateStrategy.rollingUpdate` needs `type: RollingUpdate`'
    return [rolling.refused(message, 'Remove one of the two.')]
  }
  const isZero = (key: string): boolean => /^-?0+%?$/.test(String(rolling.at(key).value))
  if (!isZero('maxSurge') || !isZero('maxUnavailable')) return []
  const message = '`updateStrategy.rollingUpdate` could replace no Pod: `maxSurge` and `maxUnavailable` are both 0'
  return [rolling.refused(message, 'Raise one of them.')]
}
