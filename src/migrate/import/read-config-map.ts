import { ERROR_CODES } from '../../error-codes.ts'
import { NopassError } from '../../errors.ts'
import { readYaml } from '../../values/yaml/read-yaml.ts'
import { toValue } from '../../values/yaml/yaml-node.ts'
import type { ReadSettings } from './read-entry.ts'
import { readSettings } from './read-settings.ts'

/** Keys that say nothing that acr-nopass would have to be told: it asks for a new token by the old one's own expiry. */
const DROPPED: readonly string[] = ['acr-api-version', 'expiring-threshold', 'notify-email']

const KNOWN: readonly string[] = [
  ...DROPPED,
  'acr-registry',
  'acr-registry-info',
  'watch-namespace',
  'service-account',
  'rrsa',
  'webhook-configuration',
]

/** The data of the ConfigMap `acr-configuration`, of any version since 2019: some values are YAML in a text. */
export function readConfigMap(data: Readonly<Record<string, string>>, source: string): ReadSettings {
  const errors: NopassError[] = []
  const inner = (key: string): unknown => {
    const text = data[key] ?? ''
    if (text.trim() === '') return undefined
    const { root, errors: found } = readYaml({ name: key, text }, 'user')
    // One is enough: the others follow from it.
    errors.push(...found.slice(0, 1).map((error) => innerError(error, key)))
    return root === undefined ? undefined : emptyAsNothing(toValue(root))
  }
  const read = readSettings({
    source,
    entriesKey: 'acr-registry-info',
    entries: inner('acr-registry-info'),
    patterns: data['acr-registry'],
    namespacesKey: 'watch-namespace',
    namespaces: data['watch-namespace'],
    accountsKey: 'service-account',
    accounts: data['service-account'],
    rrsa: inner('rrsa'),
    webhook: inner('webhook-configuration'),
    dropped: DROPPED.filter((key) => key in data),
    unknown: Object.keys(data).filter((key) => !KNOWN.includes(key)),
  })
  const all = [...errors, ...read.errors]
  return { settings: all.length > 0 ? undefined : read.settings, errors: all }
}

/** A fresh install has only comments, for which the reader returns an empty map. */
function emptyAsNothing(value: unknown): unknown {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0 ? undefined : value
}

/** The line is relative to the text of the key. Never the parser's message, because the text may contain an AccessKey. */
function innerError({ code, place }: NopassError, key: string): NopassError {
  const { line = 1, column = 1 } = place
  const { what, fix } = ERROR_CODES[code]
  const message = `\`${key}\` cannot be read, line ${line}, column ${column} of its text: ${code}: ${what}`
  return new NopassError('IMPORT_SETTING', message, { hint: fix })
}
