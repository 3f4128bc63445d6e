import type { NopassError } from '../../errors.ts'
import { isRecord } from '../../lib/json.ts'
import { type AddonSettings, type ReadSettings, readEntry, readList, settingError, shorten } from './read-entry.ts'

/** The settings of both formats under common names; absent ones are undefined. */
export interface RawSettings {
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
export function readSettings(raw: RawSettings): ReadSettings {
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
