import { ValuesError } from '../values-error.ts'
import { formatPath, type MapNode, type ValuePath, type YamlNode } from '../yaml/yaml-node.ts'

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
    const what =
      found ??
      (typeof key === 'string' && SECRET_KEY.test(key) && !path.includes('extraObjects')
        ? 'a secret by its key'
        : undefined)
    if (what === undefined) return
    errors.push(
      new ValuesError('VALUES_SECRET_INSIDE', `\`${formatPath(path)}\` holds what looks like ${what}`, {
        at: node.at,
        path,
        hideLine: true,
      }),
    )
  }
  visit(given, [])
  return errors
}
