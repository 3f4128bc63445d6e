import { collision, ValuesError } from '../values-error.ts'
import {
  child,
  formatPath,
  is,
  items,
  lookup,
  type MapNode,
  text,
  type ValuePath,
  type YamlNode,
} from '../yaml/yaml-node.ts'

/** Names that tutorials, other tools and the vendor's add-on use (the chart refuses them too). */
export const COMMON_SECRET_NAMES: readonly string[] = [
  'acr-credential',
  'acr-secret',
  'aliyun-registry',
  'docker-config',
  'docker-credentials',
  'docker-login',
  'docker-registry',
  'dockerconfigjson',
  'dockerhub',
  'image-pull-secret',
  'image-pull-secrets',
  'imagepullsecret',
  'imagepullsecrets',
  'pull-secret',
  'pullsecret',
  'regcred',
  'registry-auth',
  'registry-credentials',
  'registry-secret',
  'regsecret',
]

/** A name of the pull secret that others use, or that is one of the Secrets that the helper reads. */
export function checkSecretName(values: MapNode): ValuesError[] {
  const node = child(values, 'secretName')
  const name = text(node)
  if (node === undefined || name === undefined) return []
  const isCommon = COMMON_SECRET_NAMES.includes(name) || /^acr-credential-/.test(name)
  const isRefused = isCommon && !is(child(values, 'adopt'), true)
  const taken = `\`secretName\` is "${name}", a name that others commonly use`
  const expected = 'a name of its own, such as acr-nopass'
  const details = { at: node.at, path: ['secretName'], value: name, expected }
  const common = isRefused ? [new ValuesError('VALUES_SECRET_NAME', taken, details)] : []
  const message = `the Secret "${name}" is read here and is also the pull secret (\`secretName\`), which the helper overwrites`
  const read = sourcePaths(values).flatMap((path) => {
    const source = lookup(values, path)
    if (source === undefined || text(source) !== name) return []
    return [collision(source, path, message, 'Give one of the two Secrets another name.')]
  })
  return [...common, ...read]
}

/** Where values name the Secrets that the helper reads. */
function sourcePaths(values: MapNode): readonly ValuePath[] {
  const registries = items(child(values, 'registries')).map((_, index) => ['registries', index, 'existingSecret'])
  return [['identity', 'accessKey', 'existingSecret'], ...registries]
}

const SECRETS: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: 'an AccessKey ID', pattern: /\b(LTAI|STS\.)[A-Za-z0-9]{12,}/ },
  { what: 'a private key', pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/ },
  { what: 'a password in an address', pattern: /:\/\/[^/\s:@]+:[^/\s:@]+@/ },
  { what: 'a login of a registry', pattern: /"auths"\s*:/ },
]
const SECRET_KEY = /^(password|passwd|accessKeySecret|accessKeyId|securityToken|secretKey|token)$/i

/** Secrets in the user's files, under any key; the value is never shown. */
export function checkSecrets(given: MapNode): ValuesError[] {
  const errors: ValuesError[] = []
  const visit = (node: YamlNode, path: ValuePath): void => {
    if (node.kind === 'list') for (const [index, item] of node.items.entries()) visit(item, [...path, index])
    if (node.kind === 'map') for (const [key, { value }] of node.entries) visit(value, [...path, key])
    if (node.kind !== 'scalar' || typeof node.value !== 'string' || node.value === '') return
    const value = node.value
    const key = path.at(-1)
    const found = SECRETS.find(({ pattern }) => pattern.test(value))?.what
    const byKey = typeof key === 'string' && SECRET_KEY.test(key) && !path.includes('extraObjects')
    if (found === undefined && !byKey) return
    const message = `\`${formatPath(path)}\` holds what looks like ${found ?? 'a secret by its key'}`
    errors.push(new ValuesError('VALUES_SECRET_INSIDE', message, { at: node.at, path, hideLine: true }))
  }
  visit(given, [])
  return errors
}
