import { ERROR_CODES } from '../../error-codes.ts'
import { NopassError } from '../../errors.ts'
import { isRecord } from '../../lib/json.ts'
import { orElse } from '../../lib/or-else.ts'
import { readYaml } from '../../values/yaml/read-yaml.ts'
import { toValue } from '../../values/yaml/yaml-node.ts'
import { ADDON_NAMES } from '../remove/legacy-facts.ts'
import { readEntry, readList, settingError, shortenKey } from './read-entry.ts'

type Fields = Readonly<Record<string, unknown>>

/** The names of the settings in one of the add-on's formats. Upper and lower case do not matter. */
interface Format {
  readonly entries: string
  readonly patterns?: string
  readonly namespaces: string
  readonly accounts: string
  readonly rrsa: string
  readonly webhook: string
  /**
   * Settings that acr-nopass does not need, because it fetches a new token before the old token
   * expires.
   */
  readonly dropped: readonly string[]
}

const CONFIG_MAP: Format = {
  entries: 'acr-registry-info',
  patterns: 'acr-registry',
  namespaces: 'watch-namespace',
  accounts: 'service-account',
  rrsa: 'rrsa',
  webhook: 'webhook-configuration',
  dropped: ['acr-api-version', 'expiring-threshold', 'notify-email'],
}

const ADDON: Format = {
  entries: 'AcrInstanceInfo',
  namespaces: 'watchNamespace',
  accounts: 'serviceAccount',
  rrsa: 'enableRRSA',
  webhook: 'enableWebhook',
  dropped: ['expiringThreshold', 'notifyEmail', 'tokenMode'],
}

const isNamed = (key: string, names: readonly string[]): boolean =>
  names.some((name) => name.toLowerCase() === key.toLowerCase())
const isKnown = (key: string, { dropped, ...names }: Format): boolean =>
  isNamed(key, [...dropped, ...Object.values(names)])

const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const ACCOUNT = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/

/** The settings and all errors. With an error, the settings are undefined. */
export type ReadSettings = ReturnType<typeof readSettings>
/** The add-on's settings, from any of its formats. */
export type AddonSettings = NonNullable<ReadSettings['settings']>

/** Validates all settings and returns all errors. */
function readSettings(source: string, fields: Fields, format: Format, errors: NopassError[]) {
  const get = (name = ''): unknown => Object.entries(fields).find(([key]) => isNamed(key, [name]))?.[1]
  const names = (key: string, form: RegExp, all: RegExp): readonly string[] | undefined => {
    const list = readList(get(key))?.map((name) => (name.toLowerCase() === 'default' ? 'default' : name))
    if (list?.some((name) => all.test(name))) return undefined
    if (list?.every((name) => form.test(name))) return list.length === 0 ? ['default'] : list
    errors.push(settingError(key, 'holds something that is not a name', 'Write names with commas between them.'))
    return []
  }
  const items = get(format.entries) ?? []
  if (!Array.isArray(items)) {
    errors.push(settingError(format.entries, 'is not a list', 'Write a list: each entry begins with `- instanceId:`.'))
  }
  const namespaces = names(format.namespaces, NAMESPACE, /^(all|\*)$/i)
  const serviceAccounts = names(format.accounts, ACCOUNT, /^\*$/)
  const read = (Array.isArray(items) ? items : []).map((item, index) =>
    readEntry(item, `${format.entries}[${index}]`, errors),
  )
  const unknown = Object.keys(fields).filter((key) => !isKnown(key, format))
  const settings = {
    /** `ConfigMap kube-system/acr-configuration` or a file. */
    source,
    /** Empty: the account's own Personal Edition. */
    entries: read.flatMap(({ entries }) => entries),
    /** Globs of registries, the format of the add-on of 2019: `shop-registry.*.cr.aliyuncs.com`. */
    patterns: readList(get(format.patterns)) ?? [],
    /** Undefined: all namespaces. */
    namespaces,
    /** Undefined: all ServiceAccounts. */
    serviceAccounts,
    rrsa: isOn(get(format.rrsa)),
    webhook: isOn(get(format.webhook)),
    dropped: Object.keys(fields).filter((key) => isNamed(key, format.dropped)),
    /** Keys that the add-on's documents do not contain. */
    unknown: [...unknown.map(shortenKey), ...read.flatMap((one) => one.unknown)],
  }
  return { settings: errors.length > 0 ? undefined : settings, errors }
}

/**
 * Returns the globs of hosts without the example from the add-on's documents, which a fresh install
 * contains.
 */
export function usedPatterns({ patterns }: Pick<AddonSettings, 'patterns'>): readonly string[] {
  return patterns.filter((pattern) => !pattern.startsWith('xxx-registry'))
}

/** True for `true` and for a map with `enable: true`. */
function isOn(value: unknown): boolean {
  const flag = isRecord(value) ? value.enable : value
  return flag === true || (typeof flag === 'string' && flag.toLowerCase() === 'true')
}

/**
 * Reads the data of the ConfigMap `acr-configuration` of any version since 2019. Some values are
 * YAML inside a text.
 */
export function readConfigMap(data: Readonly<Record<string, string>>, source: string): ReadSettings {
  const errors: NopassError[] = []
  const nested = [CONFIG_MAP.entries, CONFIG_MAP.rrsa, CONFIG_MAP.webhook].flatMap((key) => {
    const text = data[key] ?? ''
    if (text.trim() === '') return [[key, undefined]]
    const { root, errors: found } = readYaml({ name: key, text }, 'user')
    // Only the first error is kept, because the others follow from it.
    errors.push(...found.slice(0, 1).map((error) => innerError(error, key)))
    return [[key, root && emptyAsNothing(toValue(root))]]
  })
  return readSettings(source, { ...data, ...Object.fromEntries(nested) }, CONFIG_MAP, errors)
}

/** A fresh install contains only comments, which the reader returns as an empty map. */
function emptyAsNothing(value: unknown): unknown {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0 ? undefined : value
}

/**
 * Describes an error inside a key's text, with a line relative to that text. The parser's message
 * is omitted, because the text may contain an AccessKey.
 */
function innerError({ code, place }: NopassError, key: string): NopassError {
  const { line = 1, column = 1 } = place
  const { what, fix } = ERROR_CODES[code]
  const message = `\`${key}\` cannot be read, line ${line}, column ${column} of its text: ${code}: ${what}`
  return new NopassError('IMPORT_SETTING', message, { hint: fix })
}

/**
 * Reads the add-on's parameters in ACK's formats: a list of add-ons, one add-on, or its `config` (a
 * JSON text). Undefined for any other value.
 */
export function readAddonJson(value: unknown, source: string): ReadSettings | undefined {
  const config = findConfig(value)
  if (config === undefined) return undefined
  if (config instanceof NopassError) return { settings: undefined, errors: [config] }
  const fields = Object.entries(config).map(([key, one]) => {
    if (!isNamed(key, [ADDON.entries])) return [key, one]
    return [key, typeof one === 'string' && one.trim() !== '' ? parseJson(one) : one || undefined]
  })
  return readSettings(source, Object.fromEntries(fields), ADDON, [])
}

function findConfig(value: unknown): Fields | NopassError | undefined {
  if (Array.isArray(value)) return findConfig(value.find((one) => isRecord(one) && isAddon(one)))
  if (!isRecord(value)) return undefined
  const keys = Object.keys(value)
  if (keys.some((key) => isNamed(key, [ADDON.entries]))) return value
  if (keys.length > 0 && keys.every((key) => isKnown(key, ADDON))) return value
  if (!isAddon(value)) return undefined
  const { config = '' } = value
  const read = typeof config === 'string' && config.trim() !== '' ? parseJson(config) : config || {}
  return isRecord(read)
    ? read
    : new NopassError('IMPORT_SETTING', `\`config\` of the add-on ${String(value.name)} is not a JSON object`, {
        hint: 'Use the output of `aliyun cs DescribeClusterAddonInstance --region REGION --ClusterID CLUSTER --AddonName managed-aliyun-acr-credential-helper`.',
      })
}

const isAddon = ({ name }: Fields): boolean => typeof name === 'string' && ADDON_NAMES.includes(name)

/**
 * Returns a fixed text if the input is not JSON. The input itself is never returned, because it may
 * contain a key.
 */
function parseJson(text: string): unknown {
  return orElse(() => JSON.parse(text), 'no JSON')
}
