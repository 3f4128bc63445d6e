import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { parse } from 'yaml'
import { isRecord } from '../lib/json.ts'
import type { KubeconfigOptions } from './kube-connection.ts'

/** What a kubeconfig says about a user and `@kubernetes/client-node` does not read. */
export interface UserExtras {
  /** Its content replaces `token`. */
  readonly tokenFile?: string
  /** Headers, each name followed by its value: the user acts as another. */
  readonly impersonation?: readonly string[]
}

export interface LoadedKubeconfig {
  readonly config: KubeConfig
  /** Of the current context's user. */
  readonly extras: UserExtras
}

/** Reads a kubeconfig as kubectl does: of several files the first that has a name counts, and one that does not exist is skipped. */
export function loadKubeconfig({ text, file, context, environment = {} }: KubeconfigOptions): LoadedKubeconfig {
  const config = new KubeConfig()
  const files = file === undefined ? defaultFiles(environment).filter((name) => existsSync(name)) : [file]
  if (text !== undefined) config.loadFromString(text)
  else if (files.length === 0) config.loadFromDefault()
  else config.loadFromOptions(merge(files))
  if (context !== undefined) config.setCurrentContext(context)
  const user = config.getCurrentUser()?.name ?? ''
  if (text !== undefined) return { config, extras: findExtras(text, '', user) ?? {} }
  const found = files.map((name) => findExtras(readFileSync(name, 'utf8'), dirname(name), user))
  return { config, extras: found.find((extras) => extras !== undefined) ?? {} }
}

function defaultFiles({ KUBECONFIG = '', HOME }: NonNullable<KubeconfigOptions['environment']>): readonly string[] {
  const named = KUBECONFIG.split(delimiter).filter((name) => name !== '')
  return named.length > 0 ? named : [join(HOME || homedir(), '.kube', 'config')]
}

function merge(files: readonly string[]) {
  const all = files.map((file) => {
    const one = new KubeConfig()
    one.loadFromFile(file)
    return one
  })
  return {
    clusters: firstOfEach(all.flatMap(({ clusters }) => clusters)),
    users: firstOfEach(all.flatMap(({ users }) => users)),
    contexts: firstOfEach(all.flatMap(({ contexts }) => contexts)),
    currentContext: all.map(({ currentContext }) => currentContext).find(Boolean) ?? '',
  }
}

function firstOfEach<T extends { readonly name: string }>(entries: readonly T[]): T[] {
  return [...new Map(entries.toReversed().map((entry) => [entry.name, entry])).values()].toReversed()
}

/** Undefined: the file has no such user. */
function findExtras(text: string, folder: string, name: string): UserExtras | undefined {
  const config: unknown = parse(text, { logLevel: 'error' })
  const users: readonly unknown[] = isRecord(config) && Array.isArray(config.users) ? config.users : []
  const entry = users.find((one) => isRecord(one) && String(one.name) === name)
  if (!isRecord(entry)) return undefined
  const user = isRecord(entry.user) ? entry.user : {}
  const impersonation = impersonationOf(user)
  return {
    ...(user.tokenFile ? { tokenFile: resolve(folder, String(user.tokenFile)) } : {}),
    ...(impersonation.length > 0 ? { impersonation } : {}),
  }
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
function impersonationOf(user: Readonly<Record<string, unknown>>): readonly string[] {
  const extra = isRecord(user['as-user-extra']) ? Object.entries(user['as-user-extra']) : []
  const headers: readonly (readonly [string, unknown])[] = [
    ['user', user.as],
    ['uid', user['as-uid']],
    ['group', user['as-groups']],
    ...extra.map(([key, values]) => [`extra-${encodeURIComponent(key)}`, values] as const),
  ]
  return headers.flatMap(([name, values]) =>
    [values ?? []].flat().flatMap((value) => [`impersonate-${name}`, String(value)]),
  )
}
