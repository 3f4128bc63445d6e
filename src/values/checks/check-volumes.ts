import { collision, refused, type ValuesError } from '../values-error.ts'
import {
  child,
  is,
  items,
  lookup,
  type MapNode,
  text,
  texts,
  type ValuePath,
  type YamlNode,
} from '../yaml/yaml-node.ts'

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
export function checkVolumes(values: MapNode): ValuesError[] {
  return [...volumes(values), ...mounts(values), ...resolver(values), ...strategy(values)]
}

function volumes(values: MapNode): ValuesError[] {
  const seen = new Set(OWN_VOLUMES)
  return items(child(values, 'extraVolumes')).flatMap((item, index) => {
    const name = text(child(item, 'name'))
    if (name === undefined || item.kind !== 'map') return []
    const path = ['extraVolumes', index, 'name']
    if (seen.has(name)) {
      const why = OWN_VOLUMES.includes(name) ? "is one of the chart's own" : 'is there twice'
      const message = `the volume \`${name}\` in \`extraVolumes\` ${why}`
      return [collision(item, path, message, 'Rename it.')]
    }
    seen.add(name)
    if (item.entries.size === 2) return sources(child(item, 'projected'), ['extraVolumes', index, 'projected'])
    const message = `the volume \`${name}\` in \`extraVolumes\` needs exactly one source`
    const hint = 'Write one of configMap, secret, projected, emptyDir, csi and persistentVolumeClaim next to its name.'
    return [refused(item, path, message, hint)]
  })
}

/** Where a source of a projected volume names a file. */
const FILE_KEYS: readonly string[] = ['path', 'credentialBundlePath', 'keyPath', 'certificateChainPath']

const DAY_SECONDS = 86_400

/** Each source of a projected volume has one kind, and each file one source. */
function sources(projected: YamlNode | undefined, path: ValuePath): ValuesError[] {
  const seen = new Set<string>()
  return items(child(projected, 'sources')).flatMap((source, index) => {
    if (source.kind !== 'map') return []
    const at = [...path, 'sources', index]
    if (source.entries.size > 1) {
      const message = 'a source of a projected volume has several types'
      return [refused(source, at, message, 'Write one source for each.')]
    }
    const bundle = child(source, 'clusterTrustBundle')
    const labels = child(bundle, 'labelSelector')
    if (labels !== undefined && child(bundle, 'name') !== undefined) {
      const message = 'a bundle of certificates with a `name` has no `labelSelector`'
      const hint = 'Remove it, or name a `signerName`.'
      return [refused(labels, [...at, 'clusterTrustBundle', 'labelSelector'], message, hint)]
    }
    const longest = lookup(source, ['podCertificate', 'maxExpirationSeconds'])
    const signer = text(lookup(source, ['podCertificate', 'signerName'])) ?? ''
    if (signer.startsWith('kubernetes.io/') && longest?.kind === 'scalar' && Number(longest.value) > DAY_SECONDS) {
      const message = 'a signer of `kubernetes.io` issues certificates for a day at most'
      const hint = `Write at most ${DAY_SECONDS}.`
      return [refused(longest, [...at, 'podCertificate', 'maxExpirationSeconds'], message, hint)]
    }
    return [...source.entries.values()]
      .flatMap(({ value }) => [value, ...items(child(value, 'items'))])
      .flatMap((one) => FILE_KEYS.map((key) => child(one, key)))
      .flatMap((file) => {
        const name = text(file)
        // The API server compares every path but that of a token.
        if (file === undefined || name === undefined || source.entries.has('serviceAccountToken')) return []
        if (!seen.has(name)) {
          seen.add(name)
          return []
        }
        const message = `two sources of a projected volume write the file ${name}`
        return [collision(file, [...at, 'path'], message, 'Give one of them another path.')]
      })
  })
}

function mounts(values: MapNode): ValuesError[] {
  const names = new Set(items(child(values, 'extraVolumes')).map((item) => text(child(item, 'name'))))
  const seen = new Set<string>()
  return items(child(values, 'extraVolumeMounts')).flatMap((item, index) => {
    const [name, mountPath] = [text(child(item, 'name')), text(child(item, 'mountPath'))]
    if (name === undefined || mountPath === undefined) return []
    const at = ['extraVolumeMounts', index]
    if (!names.has(name)) {
      const message = `\`extraVolumeMounts\` names the volume \`${name}\`, and \`extraVolumes\` has none of that name`
      return [refused(item, [...at, 'name'], message, 'Add it to `extraVolumes`.')]
    }
    const path = `${mountPath.replace(/\/$/, '')}/`
    const own = OWN_PATHS.find((one) => one.startsWith(path) || path.startsWith(one))
    if (own === undefined && !seen.has(path)) {
      seen.add(path)
      return []
    }
    const message =
      own === undefined
        ? `\`extraVolumeMounts\` has two mounts at ${mountPath}`
        : `the mount at ${mountPath} in \`extraVolumeMounts\` would cover what the helper reads from ${own.slice(0, -1)}`
    const hint = own === undefined ? 'Remove one of the two.' : 'Choose another path.'
    return [collision(item, [...at, 'mountPath'], message, hint)]
  })
}

/** Of all search domains together, with a space between two. */
const SEARCH_LENGTH = 2048

function resolver(values: MapNode): ValuesError[] {
  const searches = lookup(values, ['dnsConfig', 'searches'])
  const list = texts(searches)
  if (searches !== undefined && list.join(' ').length > SEARCH_LENGTH) {
    const message = `\`dnsConfig.searches\` has more than ${SEARCH_LENGTH} characters in all`
    return [refused(searches, ['dnsConfig', 'searches'], message, 'Remove some of them.')]
  }
  const policy = child(values, 'dnsPolicy')
  if (policy === undefined || !is(policy, 'None')) return []
  if (items(child(child(values, 'dnsConfig'), 'nameservers')).length > 0) return []
  const message = '`dnsPolicy: None` needs `dnsConfig.nameservers`: nothing else configures how names are resolved'
  return [refused(policy, ['dnsPolicy'], message, 'Add one, or choose another policy.')]
}

function strategy(values: MapNode): ValuesError[] {
  const strategy = child(values, 'updateStrategy')
  const rolling = child(strategy, 'rollingUpdate')
  if (rolling?.kind !== 'map') return []
  const path = ['updateStrategy', 'rollingUpdate']
  if (is(child(strategy, 'type'), 'Recreate')) {
    const message = '`updateStrategy.rollingUpdate` needs `type: RollingUpdate`'
    return [refused(rolling, path, message, 'Remove one of the two.')]
  }
  const isZero = (key: string): boolean => {
    const amount = child(rolling, key)
    return amount?.kind === 'scalar' && /^-?0+%?$/.test(String(amount.value))
  }
  if (!isZero('maxSurge') || !isZero('maxUnavailable')) return []
  const message = '`updateStrategy.rollingUpdate` could replace no Pod: `maxSurge` and `maxUnavailable` are both 0'
  return [refused(rolling, path, message, 'Raise one of them.')]
}
