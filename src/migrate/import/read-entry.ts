import { NopassError } from '../../errors.ts'
import { isRecord } from '../../lib/json.ts'
import { sha256 } from '../../lib/text.ts'

const DOMAIN = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z]([-a-z0-9]*[a-z0-9])?(:[0-9]{1,5})?$/

const ROLE = /^acs:ram::[0-9]{5,20}:role\/[A-Za-z0-9._/-]+$/
const PROVIDER = /^acs:ram::[0-9]{5,20}:oidc-provider\/[A-Za-z0-9._-]+$/

/** One instance in the add-on's configuration, with trimmed and validated texts. */
export type AddonEntry = ReturnType<typeof readEntry>['entries'][number]

/**
 * Reads one item of `acr-registry-info` or `AcrInstanceInfo`. Returns an entry per instance, and
 * adds to `errors`.
 */
export function readEntry(item: unknown, place: string, errors: NopassError[]) {
  if (!isRecord(item)) {
    const hint = 'Write `- instanceId: …` with the other fields below it, indented like `instanceId`.'
    errors.push(settingError(place, 'is not a map of fields', hint))
    return { entries: [], unknown: [] }
  }
  // Some pages of the add-on write `InstanceId`, others `instanceId`.
  const fields = new Map(Object.entries(item).map(([key, value]) => [key.toLowerCase(), value]))
  const known = new Set<string>()
  const get = (key: string): unknown => {
    known.add(key)
    return fields.get(key)
  }
  const text = (key: string, pattern: RegExp, wanted: string): string | undefined => {
    const value = get(key) ?? ''
    const trimmed = typeof value === 'string' ? value.trim() : undefined
    if (trimmed === '') return undefined
    if (trimmed !== undefined && pattern.test(trimmed)) return trimmed
    const given = Object.keys(item).find((one) => one.toLowerCase() === key)
    errors.push(settingError(`${place}.${given}`, `is not ${wanted}`, `Write ${wanted}.`))
    return undefined
  }
  const ids = splitIds(get('instanceid'), `${place}.instanceId`, errors)
  const domains = readDomains(get('domains'), `${place}.domains`, errors)
  if (ids.length > 1 && domains.length > 0) {
    const hint = 'Write a separate entry for each instance.'
    errors.push(settingError(place, 'names several instances, and domains of one of them', hint))
  }
  const role = 'the ARN of a RAM role, such as acs:ram::1234567890123456:role/acr-pull'
  const provider = 'the ARN of an OIDC provider, such as acs:ram::1234567890123456:oidc-provider/ack-rrsa-c0123'
  const shared = {
    /** `acr-registry-info[1]`, for messages. */
    place,
    /** Undefined: the cluster's own region. */
    region: text('regionid', /^[a-z]+(-[a-z0-9]+)+$/, 'a region, such as cn-hangzhou'),
    /** Lower case, without scheme. Empty: all domains of the instance. */
    domains,
    assumeRole: text('assumerolearn', ROLE, role),
    /** Seconds; undefined: the default. */
    duration: readDuration(get('expireduration')),
    rrsaRole: text('rrsarolearn', ROLE, role),
    rrsaProvider: text('rrsaoidcproviderrolearn', PROVIDER, provider),
    /** Distinguishes AccessKeys. The key cannot be derived from the fingerprint. */
    keyFingerprint: hashKey(get('customaccesskey'), get('customaccesskeysecret')),
  }
  return {
    // An entry without an ID is the Personal Edition of a region.
    entries: (ids.length === 0 ? [undefined] : ids).map((instanceId) => ({ ...shared, instanceId })),
    unknown: Object.keys(item)
      .filter((key) => !known.has(key.toLowerCase()))
      .map((key) => `${place}.${shortenKey(key)}`),
  }
}

function splitIds(value: unknown, place: string, errors: NopassError[]): readonly string[] {
  const ids = readList(value)
  if (ids?.every((id) => /^cri-[a-z0-9]{1,60}$/.test(id))) return ids
  const hint = 'Write the id as the console shows it, `cri-…`, or leave it empty for the Personal Edition.'
  errors.push(settingError(place, 'is not the id of an Enterprise instance', hint))
  return []
}

function readDomains(value: unknown, place: string, errors: NopassError[]): readonly string[] {
  const given = readList(value)
  const domains = (given ?? []).map((domain) =>
    domain
      .toLowerCase()
      .replace(/^https?:\/\//, '')
      .replace(/\/+$/, ''),
  )
  if (given !== undefined && domains.every((domain) => DOMAIN.test(domain) && domain.length <= 253)) {
    return [...new Set(domains)]
  }
  const hint = 'Write one text with host names, separated by commas. It must not contain `*`, an address or a path.'
  errors.push(settingError(place, 'is not a list of domains', hint))
  return []
}

/**
 * Returns undefined if STS would not accept the value as a number of seconds, because the default
 * works too.
 */
function readDuration(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof seconds !== 'number' || !Number.isInteger(seconds)) return undefined
  return seconds >= 900 && seconds <= 43_200 ? seconds : undefined
}

/** Hashes the key, because fingerprints are only compared. */
function hashKey(id: unknown, secret: unknown): string | undefined {
  return id || secret ? sha256(JSON.stringify([id, secret])) : undefined
}

/** Shortens a key of an unknown file, so that it is safe to print. */
export function shortenKey(key: string): string {
  return /^[\w.-]{1,60}$/.test(key) ? key : 'a key that is not a plain word'
}

export function settingError(place: string, what: string, hint: string): NopassError {
  return new NopassError('IMPORT_SETTING', `\`${place}\` ${what}`, { hint })
}

/** Accepts `"a, b"` or a list of texts. Undefined for any other value. */
export function readList(value: unknown): readonly string[] | undefined {
  if (value === null || value === undefined) return []
  const parts = Array.isArray(value) ? value : [value]
  if (!parts.every((part) => typeof part === 'string' || typeof part === 'number')) return undefined
  const words = parts.flatMap((part) => String(part).split(',')).map((word) => word.trim())
  return [...new Set(words.filter((word) => word !== ''))]
}
