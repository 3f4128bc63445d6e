import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import { NopassError } from '../errors.ts'
import { isRecord } from '../helm/manifest.ts'
import { isWithin } from './read-input-file.ts'

/** Tokens, client keys and passwords of a kubeconfig; the rest of it is no secret. Nothing of a text that is no kubeconfig. */
export function kubeconfigSecrets(text: string): readonly string[] {
  return readUsers(text).flatMap((user) =>
    ['token', 'password', 'client-key-data'].flatMap((field) => {
      const secret = user[field]
      return typeof secret === 'string' && secret !== '' ? [secret] : []
    }),
  )
}

// Each list is closed, so that nothing which another reader would merge, decode or spell otherwise gets through.
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
const PATHS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile']

/**
 * A kubeconfig that a pull request can write runs no program and reads no file outside of the workspace: it would do both
 * with the credentials of the job, and `mode: plan` is done on pull requests.
 * @param source as messages name it, with the folder that its paths are relative to
 * @throws NopassError `KUBECONFIG_REFUSED`
 */
export function refuseForeignPrograms(
  text: string,
  source: { readonly name: string; readonly folder: string; readonly workspace: string },
): void {
  const refuse = (what: string): NopassError => new NopassError('KUBECONFIG_REFUSED', `${source.name}: ${what}`)
  const config = parseKubeconfig(text)
  if (config === undefined) throw refuse('this is no kubeconfig that every reader reads alike')
  const unknown = Object.keys(config).find((key) => !TOP.includes(key))
  if (unknown !== undefined) throw refuse(`the key ${unknown} at the top`)
  const parts = [
    ...entries(config.clusters, 'cluster').map((part) => ({ part, known: CLUSTER, of: 'a cluster' })),
    ...entries(config.users, 'user').map((part) => ({ part, known: USER, of: 'a user' })),
  ]
  for (const { part, known, of } of parts) {
    if (!isRecord(part)) throw refuse(`${of} that is no map of keys`)
    const other = Object.keys(part).find((key) => !known.includes(key))
    if (other !== undefined) throw refuse(`the key ${other} of ${of}`)
    for (const key of PATHS) {
      const path = part[key]
      if (path === undefined || path === '') continue
      if (typeof path !== 'string' || !isFileWithin(resolve(source.folder, path), source.workspace)) {
        throw refuse(`the path of ${key} of ${of} leads out of the workspace, or nowhere`)
      }
    }
  }
}

function isFileWithin(path: string, workspace: string): boolean {
  try {
    return isWithin(realpathSync(path), [realpathSync(workspace)])
  } catch {
    return false
  }
}

/** `clusters` and `users` are lists of `{name, <kind>}`; whatever else there is comes back itself, to be refused. */
function entries(list: unknown, kind: 'cluster' | 'user'): readonly unknown[] {
  if (list === undefined || list === null) return []
  if (!Array.isArray(list)) return [list]
  return list.map((entry) => {
    if (!isRecord(entry)) return entry
    const others = Object.entries(entry).filter(([key]) => key !== 'name' && key !== kind)
    return others.length === 0 ? (entry[kind] ?? {}) : Object.fromEntries(others)
  })
}

function readUsers(text: string): readonly Readonly<Record<string, unknown>>[] {
  const config = parseKubeconfig(text)
  const users = Array.isArray(config?.users) ? config.users : []
  return users.flatMap((entry) => (isRecord(entry) && isRecord(entry.user) ? [entry.user] : []))
}

function parseKubeconfig(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const config: unknown = parse(text, { logLevel: 'error' })
    return isRecord(config) ? config : undefined
  } catch {
    return undefined
  }
}
