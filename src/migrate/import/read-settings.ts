import { ERROR_CODES } from '../../error-codes.ts'
import { NopassError } from '../../errors.ts'
import { isRecord } from '../../lib/json.ts'
import { orElse } from '../../lib/or-else.ts'
import { readYaml } from '../../values/yaml/read-yaml.ts'
import { toValue } from '../../values/yaml/yaml-node.ts'
import { ADDON_NAMES } from '../remove/legacy-facts.ts'
import { type AddonSettings, type ReadSettings, readEntry, readList, settingError, shorten } from './read-entry.ts'

/** The settings of both formats under common names; absent ones are undefined. */
interface RawSettings {
  readonly source: string
  /** `acr-registry-info` or `AcrInstanceInfo`, for messages. */
  readonly entriesKey: string
  readonly entries: unknown
  readonly patterns?: unknown
  readonly namespacesKey: string
  readonly namespaces: unknown
  readonly accountsKey: string
  readonly accounts: unknown
  readonly rrsa: unknown
  readonly webhook: unknown
  readonly dropped: readonly string[]
  readonly unknown: readonly string[]
}

const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const ACCOUNT = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/

/** Validates all settings and returns all errors. */
function readSettings(raw: RawSettings): ReadSettings {
  const errors: NopassError[] = []
  const items = raw.entries ?? []
  if (!Array.isArray(items)) {
    errors.push(settingError(raw.entriesKey, 'is not a list', 'Write a list: each entry begins with `- instanceId:`.'))
  }
  const read = (Array.isArray(items) ? items : []).map((item, index) => readEntry(item, `${raw.entriesKey}[${index}]`))
  const names = (key: string, value: unknown, form: RegExp, all: RegExp): readonly string[] | undefined => {
    const list = readList(value)?.map((name) => (name.toLowerCase() === 'default' ? 'default' : name))
    if (list?.some((name) => all.test(name))) return undefined
    if (list?.every((name) => form.test(name))) return list.length === 0 ? ['default'] : list
    errors.push(settingError(key, 'holds something that is not a name', 'Write names with commas between them.'))
    return []
  }
  const settings: AddonSettings = {
    source: raw.source,
    entries: read.flatMap(({ entries }) => entries),
    patterns: readList(raw.patterns) ?? [],
    namespaces: names(raw.namespacesKey, raw.namespaces, NAMESPACE, /^(all|\*)$/i),
    serviceAccounts: names(raw.accountsKey, raw.accounts, ACCOUNT, /^\*$/),
    rrsa: isOn(raw.rrsa),
    webhook: isOn(raw.webhook),
    dropped: raw.dropped,
    unknown: [...raw.unknown.map(shorten), ...read.flatMap(({ unknown }) => unknown)],
  }
  errors.push(...read.flatMap((one) => one.errors))
  return { settings: errors.length > 0 ? undefined : settings, errors }
}

/** `true`, or a map with `enable: true`. */
function isOn(value: unknown): boolean {
  const flag = isRecord(value) ? value.enable : value
  return flag === true || (typeof flag === 'string' && flag.toLowerCase() === 'true')
}

/** Keys that acr-nopass does not need: it fetches a new token before the old one expires. */
const DROPPED: readonly string[] = ['acr-api-version', 'expiring-threshold', 'notify-email']

const KNOWN_KEYS: readonly string[] = [
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
    unknown: Object.keys(data).filter((key) => !KNOWN_KEYS.includes(key)),
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

type Fields = Readonly<Record<string, unknown>>

/** By their name in lower case. */
const KNOWN_FIELDS: readonly string[] = [
  'acrinstanceinfo',
  'enablerrsa',
  'watchnamespace',
  'serviceaccount',
  'expiringthreshold',
  'notifyemail',
  'tokenmode',
  'enablewebhook',
]

/**
 * The add-on's parameters in ACK's formats: a list of add-ons, one of them, or its `config` (a JSON text). Undefined for any other
 * value.
 */
export function readAddonJson(value: unknown, source: string): ReadSettings | undefined {
  const config = findConfig(value)
  if (config === undefined) return undefined
  if (config instanceof NopassError) return { settings: undefined, errors: [config] }
  const fields = new Map(Object.entries(config).map(([key, one]) => [key.toLowerCase(), one]))
  const instances = fields.get('acrinstanceinfo')
  const entries = typeof instances === 'string' && instances.trim() !== '' ? parse(instances) : instances || undefined
  return readSettings({
    source,
    entriesKey: 'AcrInstanceInfo',
    entries: entries ?? undefined,
    namespacesKey: 'watchNamespace',
    namespaces: fields.get('watchnamespace'),
    accountsKey: 'serviceAccount',
    accounts: fields.get('serviceaccount'),
    rrsa: fields.get('enablerrsa'),
    webhook: fields.get('enablewebhook'),
    dropped: Object.keys(config).filter((key) => /^(expiringthreshold|notifyemail|tokenmode)$/i.test(key)),
    unknown: Object.keys(config).filter((key) => !KNOWN_FIELDS.includes(key.toLowerCase())),
  })
}

function findConfig(value: unknown): Fields | NopassError | undefined {
  if (Array.isArray(value)) return findConfig(value.find((one) => isRecord(one) && isAddon(one)))
  if (!isRecord(value)) return undefined
  if (Object.keys(value).some((key) => /^acrinstanceinfo$/i.test(key))) return value
  const isShort =
    Object.keys(value).every((key) => KNOWN_FIELDS.includes(key.toLowerCase())) && Object.keys(value).length > 0
  if (isShort) return value
  if (!isAddon(value)) return undefined
  const { config = '' } = value
  const read = typeof config === 'string' && config.trim() !== '' ? parse(config) : config || {}
  return isRecord(read)
    ? read
    : new NopassError('IMPORT_SETTING', `\`config\` of the add-on ${String(value.name)} is not a JSON object`, {
        hint: 'Use the output of `aliyun cs DescribeClusterAddonInstance`.',
      })
}

const isAddon = ({ name }: Fields): boolean => typeof name === 'string' && ADDON_NAMES.includes(name)

/** Undefined-like for what is no JSON: never a word of the text, which may hold a key. */
function parse(text: string): unknown {
  return orElse(() => JSON.parse(text), 'no JSON')
}
