import { NopassError } from '../../errors.ts'
import { isRecord } from '../../lib/json.ts'
import { ADDON_NAMES } from '../remove/legacy-names.ts'
import type { ReadSettings } from './read-entry.ts'
import { readSettings } from './read-settings.ts'

type Fields = Readonly<Record<string, unknown>>

/** By their name in lower case. */
const KNOWN: readonly string[] = [
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
    unknown: Object.keys(config).filter((key) => !KNOWN.includes(key.toLowerCase())),
  })
}

function findConfig(value: unknown): Fields | NopassError | undefined {
  if (Array.isArray(value)) return findConfig(value.find((one) => isRecord(one) && isAddon(one)))
  if (!isRecord(value)) return undefined
  if (Object.keys(value).some((key) => /^acrinstanceinfo$/i.test(key))) return value
  const isShort = Object.keys(value).every((key) => KNOWN.includes(key.toLowerCase())) && Object.keys(value).length > 0
  if (isShort) return value
  if (!isAddon(value)) return undefined
  const { config = '' } = value
  const read = typeof config === 'string' && config.trim() !== '' ? parse(config) : config || {}
  return isRecord(read)
    ? read
    : new NopassError('IMPORT_SETTING', `\`config\` of the add-on ${String(value.name)} is not a JSON object`, {
        hint: 'Take it as `aliyun cs DescribeClusterAddonInstance` shows it.',
      })
}

const isAddon = ({ name }: Fields): boolean => typeof name === 'string' && ADDON_NAMES.includes(name)

/** Undefined-like for what is no JSON: never a word of the text, which may hold a key. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return 'no JSON'
  }
}
