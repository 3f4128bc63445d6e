import { realpathSync } from 'node:fs'
import { isAbsolute, normalize, resolve } from 'node:path'
import { NopassError } from '../../errors.ts'
import { isWithin } from '../../lib/files.ts'
import { isRecord } from '../../lib/json.ts'
import { orElse } from '../../lib/or-else.ts'
import { decodePercent } from '../../lib/text.ts'
import { parseYaml } from '../../lib/yaml.ts'

/**
 * Returns tokens, keys and passwords of a kubeconfig, also those that it gives to its plugins.
 * Empty for any other text.
 */
export function kubeconfigSecrets(text: string): readonly string[] {
  const ofUsers = readParts(text, 'users', 'user').flatMap((user) => [
    user.token,
    user.password,
    user['client-key-data'],
    ...secretsOfPlugin(user),
  ])
  const ofProxies = readParts(text, 'clusters', 'cluster').flatMap((cluster) => {
    const { password = '' } = URL.parse(String(cluster['proxy-url'] ?? '')) ?? {}
    return [password, decodePercent(password)]
  })
  const secrets = [...ofUsers, ...ofProxies].filter((secret) => typeof secret === 'string' && secret !== '')
  return [...new Set(secrets)] as string[]
}

/**
 * Matches the name of a variable, a flag or a key whose value is secret. Does not match the names
 * of files and of key IDs.
 */
const SECRET_NAME = /(?:token|secret|passw|credential|key)(?!.*(?:file|path|[-_]?id$))/i
/**
 * Shorter values are not masked: masking would hide parts of words everywhere, and GitHub drops an
 * output that holds a masked text.
 */
const SHORTEST = 8

/**
 * Returns secrets in the variables and arguments of an exec plugin, and in the settings of an auth
 * provider.
 */
function secretsOfPlugin(user: Readonly<Record<string, unknown>>): readonly string[] {
  const { exec, 'auth-provider': provider } = user
  const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
  const variables = isRecord(exec)
    ? list(exec.env).flatMap((one) => (isRecord(one) ? [[one.name, one.value]] : []))
    : []
  const args = isRecord(exec) ? list(exec.args).map(String) : []
  const flags = args.flatMap((arg, index) => {
    const [, name = '', value] = /^--?([^=]+)(?:=(.*))?$/s.exec(arg) ?? []
    return [[name, value ?? args[index + 1]]]
  })
  const settings = isRecord(provider) && isRecord(provider.config) ? Object.entries(provider.config) : []
  return [...variables, ...flags, ...settings].flatMap(([name, value]) =>
    SECRET_NAME.test(String(name)) && typeof value === 'string' && value.length >= SHORTEST ? [value] : [],
  )
}

// Lists of allowed keys. Each list is closed, so that no key gets through that another reader would
// merge, decode or spell differently.
const TOP = ['apiVersion', 'kind', 'clusters', 'contexts', 'users', 'current-context', 'preferences', 'extensions']
const CLUSTER = [
  'server',
  'certificate-authority',
  'certificate-authority-data',
  'insecure-skip-tls-verify',
  'tls-server-name',
  'disable-compression',
  'extensions',
]
const USER = [
  'client-certificate',
  'client-certificate-data',
  'client-key',
  'client-key-data',
  'token',
  'tokenFile',
  'username',
  'password',
  'as',
  'as-uid',
  'as-groups',
  'extensions',
]
/**
 * Readers of YAML 1.1, such as helm's, end a line and a comment at these characters. Other readers
 * treat them as part of the line.
 */
const OTHER_LINE_BREAK = /[\u0085\u2028\u2029\ufeff]|\r(?!\n)/
const PATHS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile']

/**
 * Refuses a kubeconfig that a pull request can write, if it runs a program or reads a file outside
 * of the workspace. The kubeconfig would do so with the credentials of the job, and `mode: plan`
 * runs on pull requests.
 * @param source the kubeconfig's name in messages, with the folder in which its relative paths
 *   start. Undefined for a text, which may have no relative paths, because they would start
 *   wherever the text is written to.
 * @throws KUBECONFIG_REFUSED
 */
export function refuseForeignPrograms(
  text: string,
  source: { readonly name: string; readonly folder: string | undefined; readonly workspace: string },
): void {
  const refuse = (what: string): NopassError => new NopassError('KUBECONFIG_REFUSED', `${source.name}: ${what}`)
  const config = OTHER_LINE_BREAK.test(text) ? undefined : parseKubeconfig(text)
  if (config === undefined) throw refuse('this is not a kubeconfig that all programs read alike')
  requireKeys(config, TOP, 'at the top')
  for (const kind of ['cluster', 'user'] as const) {
    const of = `of a ${kind}`
    const list = config[`${kind}s`] ?? []
    if (!Array.isArray(list)) throw refuse(`${kind}s that are not a list`)
    for (const entry of list) {
      if (!isRecord(entry)) throw refuse(`a ${kind} that is not a map of keys`)
      requireKeys(entry, ['name', kind], of)
      const part = entry[kind] ?? {}
      if (!isRecord(part)) throw refuse(`a ${kind} that is not a map of keys`)
      requireKeys(part, kind === 'cluster' ? CLUSTER : USER, of)
      for (const key of PATHS) {
        const path = part[key]
        if (path === undefined || path === '' || isPathWithin(path, source)) continue
        throw refuse(`the path of ${key} ${of} is outside of the workspace, or does not exist`)
      }
    }
  }

  function requireKeys(map: Readonly<Record<string, unknown>>, known: readonly string[], where: string): void {
    const unknown = Object.keys(map).find((key) => !known.includes(key))
    if (unknown !== undefined) throw refuse(`the key ${unknown} ${where}`)
  }
}

/**
 * True if the path is a file of the workspace to every reader. False for `yes`, which is `true` to
 * helm's YAML reader. False for an absolute path with `link/..`, because helm follows the link and
 * other readers shorten the path.
 */
function isPathWithin(
  path: unknown,
  { folder, workspace }: { readonly folder: string | undefined; readonly workspace: string },
): boolean {
  if (typeof path !== 'string') return false
  if (isAbsolute(path) ? path !== normalize(path) : folder === undefined) return false
  try {
    const isPlain = (['1.1', '1.2'] as const).every((version) => parseYaml(path, { version }) === path)
    return isPlain && isWithin(realpathSync(resolve(folder ?? '/', path)), [realpathSync(workspace)])
  } catch {
    return false
  }
}

function readParts(
  text: string,
  list: 'users' | 'clusters',
  kind: 'user' | 'cluster',
): readonly Readonly<Record<string, unknown>>[] {
  const found = parseKubeconfig(text)?.[list]
  const entries = Array.isArray(found) ? found : []
  return entries.flatMap((entry) => (isRecord(entry) && isRecord(entry[kind]) ? [entry[kind]] : []))
}

function parseKubeconfig(text: string): Readonly<Record<string, unknown>> | undefined {
  const config: unknown = orElse(() => parseYaml(text), undefined)
  return isRecord(config) ? config : undefined
}
