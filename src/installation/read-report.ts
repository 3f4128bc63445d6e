import { ERROR_CODES } from '../error-codes.ts'
import type { ErrorCode } from '../errors.ts'
import { isRecord, type JsonObject } from '../lib/json.ts'
import { orElse } from '../lib/or-else.ts'
import { printable, printableData } from '../printable.ts'
import {
  type CoverageStatus,
  type HelperStatus,
  type LimitStatus,
  type RegistryStatus,
  STATUS_KEY,
  type StatusError,
  type StatusObject,
} from './helper-status.ts'

/** A helper's report, and the places in it that cannot be read. */
export interface ReadReport {
  /** Undefined if there is no report, or too little of it can be read. */
  readonly status: HelperStatus | undefined
  /** Places such as `registries[0].state`; empty if everything can be read. */
  readonly unreadable: readonly string[]
}

/**
 * Reads the report in a status ConfigMap and makes it printable. Anyone with the right to change
 * ConfigMaps may have written it, so only values of the expected types are returned. An unreadable
 * list entry or optional value is left out and named.
 */
export function readReport({ data }: StatusObject): ReadReport {
  const text = data?.[STATUS_KEY]
  if (text === undefined || text === '') return { status: undefined, unreadable: [] }
  const at = createReader()
  const report = orElse((): unknown => JSON.parse(text), undefined)
  const status = isRecord(report) ? readFields(report, at) : at.miss(STATUS_KEY)
  return { status: status && printableData(status), unreadable: at.missed.map(printable) }
}

/**
 * Reads the report in a status ConfigMap and makes it printable; undefined if absent or unreadable.
 */
export function parseStatus(object: StatusObject): HelperStatus | undefined {
  return readReport(object).status
}

type At = ReturnType<typeof createReader>

/** Typed reads that record the path of each value of another type. */
function createReader() {
  const missed: string[] = []
  const miss = (path: string): undefined => {
    // A message lists only some of many unreadable places.
    if (missed.length < 20) missed.push(path)
    return undefined
  }
  const check = <T>(path: string, value: unknown, isIt: (value: unknown) => value is T): T | undefined =>
    isIt(value) ? value : miss(path)
  const optional = <T>(path: string, value: unknown, read: (path: string, value: unknown) => T | undefined) =>
    value === undefined ? undefined : read(path, value)
  return {
    missed: missed as readonly string[],
    miss,
    optional,
    text: (path: string, value: unknown) => check(path, value, isText),
    time: (path: string, value: unknown) => check(path, value, isTime),
    flag: (path: string, value: unknown) => check(path, value, isFlag),
    oneOf: <T extends string>(path: string, value: unknown, options: readonly T[]) =>
      check(path, value, (one): one is T => options.includes(one as T)),
    list: <T>(path: string, value: unknown, read: (path: string, value: unknown) => T | undefined): readonly T[] => {
      if (!Array.isArray(value)) {
        miss(path)
        return []
      }
      return value.flatMap((one, index) => read(`${path}[${index}]`, one) ?? [])
    },
  }
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean'
const isTime = (value: unknown): value is string => isText(value) && !Number.isNaN(Date.parse(value))
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const ATTACH = ['admission', 'serviceAccounts', 'both'] as const
const EDITIONS = ['enterprise', 'personal', 'static'] as const
const STATES = ['live', 'pending', 'failing'] as const
const GRANTED = ['granted', 'unknown'] as const
const WIDTHS = ['limited', 'too-wide', 'not-checked'] as const
const VERIFIED = ['accepted', 'refused', 'unreachable', 'skipped'] as const

function readFields(from: JsonObject, at: At): HelperStatus | undefined {
  const version = at.text('version', from.version)
  const updatedAt = at.time('updatedAt', from.updatedAt)
  const leader = at.text('leader', from.leader)
  const configHash = at.text('configHash', from.configHash)
  const secretName = at.text('secretName', from.secretName)
  const attach = at.oneOf('attach', from.attach, ATTACH)
  const retired = at.flag('retired', from.retired)
  const namespaces = readCoverage('namespaces', from.namespaces, at)
  const registries = at.list('registries', from.registries, (path, value) => readRegistry(path, value, at))
  // If one of these is missing, there is no report, because a default would be a fact that nobody
  // reported.
  if (version === undefined || updatedAt === undefined || leader === undefined || configHash === undefined) return
  if (secretName === undefined || attach === undefined || retired === undefined || namespaces === undefined) return
  if (!Array.isArray(from.registries)) return
  const serviceAccounts = at.optional('serviceAccounts', from.serviceAccounts, (path, value) =>
    readCoverage(path, value, at),
  )
  const lastHandledRefresh = at.optional('lastHandledRefresh', from.lastHandledRefresh, at.text)
  const unverified = at.optional('unverified', from.unverified, (path, value) => {
    return at.list(path, value, (where, one) => readUnverified(where, one, at))
  })
  return {
    version,
    updatedAt,
    leader,
    configHash,
    secretName,
    attach,
    retired,
    registries,
    ...(lastHandledRefresh !== undefined && { lastHandledRefresh }),
    namespaces,
    ...(serviceAccounts && { serviceAccounts }),
    ...(unverified && { unverified }),
    problems: at.optional('problems', from.problems, (path, value) => readProblems(path, value, at)) ?? [],
  }
}

function readRegistry(path: string, value: unknown, at: At): RegistryStatus | undefined {
  if (!isRecord(value)) return at.miss(path)
  const name = at.text(`${path}.name`, value.name)
  const edition = at.oneOf(`${path}.edition`, value.edition, EDITIONS)
  const fingerprint = at.text(`${path}.fingerprint`, value.fingerprint)
  const state = at.oneOf(`${path}.state`, value.state, STATES)
  const verified = at.oneOf(`${path}.verified`, value.verified, VERIFIED)
  const domains = at.list(`${path}.domains`, value.domains, at.text)
  const error = at.optional(`${path}.error`, value.error, (where, one) => readError(where, one, at))
  const texts = optionalFields(path, value, ['instanceId', 'region'], at.text)
  const times = optionalFields(path, value, ['issuedAt', 'expiresAt', 'refreshAt', 'triedAt'], at.time)
  if (name === undefined || edition === undefined || fingerprint === undefined) return
  if (state === undefined || verified === undefined) return
  const limit = at.optional(`${path}.limit`, value.limit, (where, one) => readLimit(where, one, at))
  const optional = { ...(limit && { limit }), ...(error && { error }) }
  return { name, edition, fingerprint, domains, state, verified, ...texts, ...times, ...optional }
}

function readLimit(path: string, value: unknown, at: At): LimitStatus | undefined {
  if (!isRecord(value)) return at.miss(path)
  const entries = at.list(`${path}.entries`, value.entries, at.text)
  const repositories = at.list(`${path}.repositories`, value.repositories, at.text)
  const granted = at.oneOf(`${path}.granted`, value.granted, GRANTED)
  const width = at.oneOf(`${path}.width`, value.width, WIDTHS)
  if (granted === undefined || width === undefined) return
  return { entries, repositories, granted, width, ...optionalFields(path, value, ['reason'], at.text) }
}

function optionalFields<K extends string>(
  path: string,
  from: JsonObject,
  keys: readonly K[],
  read: (path: string, value: unknown) => string | undefined,
): Partial<Record<K, string>> {
  const found: Partial<Record<K, string>> = {}
  for (const key of keys) {
    const value = from[key] === undefined ? undefined : read(`${path}.${key}`, from[key])
    if (value !== undefined) found[key] = value
  }
  return found
}

function readProblems(path: string, value: unknown, at: At): HelperStatus['problems'] {
  return at.list(path, value, (where, one) => {
    const error = readError(where, one, at)
    return error && { ...error, ...optionalFields(where, one as JsonObject, ['namespace', 'object'], at.text) }
  })
}

function readError(path: string, value: unknown, at: At): StatusError | undefined {
  if (!isRecord(value)) return at.miss(path)
  const code = at.text(`${path}.code`, value.code)
  const message = at.text(`${path}.message`, value.message)
  const time = at.time(`${path}.at`, value.at)
  const fix = at.optional(`${path}.fix`, value.fix, at.text)
  const reason = at.optional(`${path}.reason`, value.reason, at.text)
  if (code === undefined || message === undefined || time === undefined) return
  return { code, ...(reason !== undefined && { reason }), message, fix: fix ?? generalFix(code), at: time }
}

/** Helpers before 1.0.0 report no `fix`, so the code's general fix is used. */
function generalFix(code: string): string {
  return Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code as ErrorCode].fix : 'Upgrade acr-nopass.'
}

function readCoverage(path: string, value: unknown, at: At): CoverageStatus | undefined {
  if (!isRecord(value)) return at.miss(path)
  const { total, current, pending, skipped } = value
  if (!isCount(total) || !isCount(current) || !isCount(pending) || !isRecord(skipped)) return at.miss(path)
  const counts = Object.entries(skipped).filter((entry): entry is [string, number] => {
    return isCount(entry[1]) || at.miss(`${path}.skipped`) !== undefined
  })
  return { total, current, pending, skipped: Object.fromEntries(counts) }
}

function readUnverified(path: string, value: unknown, at: At) {
  if (!isRecord(value)) return at.miss(path)
  const id = at.text(`${path}.id`, value.id)
  const subject = at.text(`${path}.subject`, value.subject)
  if (id === undefined || subject === undefined) return
  // A newer helper may report unknown IDs. The code that prints the facts skips them.
  return { id: id as NonNullable<HelperStatus['unverified']>[number]['id'], subject }
}
