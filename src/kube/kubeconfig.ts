import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import type { RequestOptions } from 'node:https'
import { homedir } from 'node:os'
import { delimiter, dirname, join, resolve, sep } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { NopassError, toNopassError } from '../errors.ts'
import { isRecord } from '../lib/json.ts'
import { parseYaml } from '../lib/yaml.ts'
import type { KubeConnection, KubeconfigOptions } from './kube-connection.ts'
import { chooseProxy } from './proxy.ts'

/**
 * The part of {@link kubeconfigConnection} that needs `@kubernetes/client-node`. It is imported
 * only for kubeconfigs. `caFile` is the source of `ca`, `tokenFile` the source of a token.
 */
export async function readKubeconfig(
  source: KubeconfigOptions,
): Promise<KubeConnection & { readonly caFile?: string | undefined; readonly tokenFile?: string | undefined }> {
  const { config, extras, plugin } = load(source)
  const cluster = config.getCurrentCluster()
  if (!cluster) {
    const context = source.context ?? config.getCurrentContext()
    const known = config.getContexts().map(({ name }) => name)
    const more = known.length > 10 ? ', …' : ''
    throw new NopassError('KUBECONFIG_INVALID', `the kubeconfig has no cluster for the context "${context ?? ''}"`, {
      hint: known.length === 0 ? undefined : `Name one of its contexts: ${known.slice(0, 10).join(', ')}${more}.`,
    })
  }
  const proxy = chooseProxy(cluster.server, cluster.proxyUrl, source.environment ?? {})
  const explain = guardPlugin(config, plugin, source)
  const options = await tlsOptions(config, explain)
  const hasToken = bearer(options) !== undefined
  return {
    server: cluster.server,
    ca: text(options.ca) ?? caOf(cluster),
    caFile: cluster.caData ? undefined : cluster.caFile || undefined,
    cert: text(options.cert),
    key: text(options.key),
    token: hasToken ? async () => bearer(await tlsOptions(config, explain)) ?? '' : undefined,
    ...extras,
    tlsServerName: cluster.tlsServerName || undefined,
    proxy,
  }
}

/**
 * Returns the names of a kubeconfig's contexts. By default, finds the kubeconfig as kubectl does.
 * @throws KUBECONFIG_INVALID
 */
export function listContexts(source: KubeconfigOptions): readonly string[] {
  const { config } = load(source)
  return config.getContexts().map(({ name }) => name)
}

/** @throws KUBECONFIG_INVALID */
function load(source: KubeconfigOptions) {
  try {
    const loaded = loadKubeconfig(source)
    const { config } = loaded
    // The library's default if it finds no kubeconfig. kubectl has the same default, and then
    // cannot connect.
    if (
      config.getCurrentContext() === 'loaded-context' &&
      config.getCurrentCluster()?.server === 'http://localhost:8080'
    ) {
      const message = 'there is no kubeconfig: $KUBECONFIG is not set, and ~/.kube/config does not exist'
      throw new NopassError('KUBECONFIG_INVALID', message, { hint: 'Name one with --kubeconfig FILE.' })
    }
    return loaded
  } catch (cause) {
    if (cause instanceof NopassError) throw cause
    const name = source.file === undefined ? '' : ` ${source.file}`
    // The error of a parser quotes the file, so it must not become the `cause`.
    const { code, mark } = cause as NodeJS.ErrnoException & { readonly mark?: { readonly line: number } }
    const why = mark === undefined ? 'cannot be read' : `is not YAML: it breaks in line ${mark.line + 1}`
    throw new NopassError('KUBECONFIG_INVALID', `the kubeconfig${name} ${why}`, { reason: code })
  }
}

async function tlsOptions(config: KubeConfig, explain: (cause: unknown) => NopassError): Promise<RequestOptions> {
  const options: RequestOptions = {}
  try {
    await config.applyToHTTPSOptions(options)
  } catch (cause) {
    throw explain(cause)
  }
  return options
}

function bearer(options: RequestOptions): string | undefined {
  const headers = (options.headers ?? {}) as Record<string, unknown>
  const value = headers.Authorization ?? headers.authorization
  return typeof value === 'string' && value.startsWith('Bearer ') ? value.slice(7) : undefined
}

function caOf(cluster: { readonly caData?: string; readonly caFile?: string }): string | undefined {
  if (cluster.caData) return Buffer.from(cluster.caData, 'base64').toString('utf8')
  return cluster.caFile ? readFileSync(cluster.caFile, 'utf8') : undefined
}

function text(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value)
}

/**
 * Reads a kubeconfig as kubectl does. If several files have an entry of the same name, the first
 * entry counts. A file that does not exist is skipped.
 */
function loadKubeconfig({ text, file, context, environment = {} }: KubeconfigOptions) {
  const config = new KubeConfig()
  const files = file === undefined ? defaultFiles(environment).filter((name) => existsSync(name)) : [file]
  if (text !== undefined) config.loadFromString(text)
  else if (files.length === 0) config.loadFromDefault()
  else config.loadFromOptions(merge(files))
  if (context !== undefined) config.setCurrentContext(context)
  const user = config.getCurrentUser()?.name ?? ''
  const sources =
    text === undefined
      ? files.map((name) => ({ text: readFileSync(name, 'utf8'), folder: dirname(name) }))
      : [{ text, folder: '' }]
  const cluster = config.getCurrentCluster()?.name ?? ''
  const users = sources.map((one) => findExtras(one.text, one.folder, user))
  const settings = sources.map((one) => pluginConfig(one.text, cluster))
  const index = users.findIndex((extras) => extras !== undefined)
  return {
    config,
    extras: users[index],
    plugin: { folder: sources[index]?.folder ?? '', config: settings.find((one) => one !== undefined) },
  }
}

/** What a kubeconfig passes to the plugin about the cluster. */
interface PluginSource {
  /**
   * The kubeconfig's folder. A plugin's path with a separator starts there
   * (GetAuthInfoFileReferences in tools/clientcmd/loader.go of k8s.io/client-go).
   */
  readonly folder: string
  readonly config: unknown
}

/**
 * Returns the extension for plugins (clusterExtensionKey in tools/clientcmd/client_config.go of
 * k8s.io/client-go).
 */
function pluginConfig(text: string, cluster: string): unknown {
  const config: unknown = parseYaml(text)
  const clusters: readonly unknown[] = isRecord(config) && Array.isArray(config.clusters) ? config.clusters : []
  const entry = clusters.find((one) => isRecord(one) && String(one.name) === cluster)
  const part = isRecord(entry) && isRecord(entry.cluster) ? entry.cluster : {}
  const extensions: readonly unknown[] = Array.isArray(part.extensions) ? part.extensions : []
  const found = extensions.find((one) => isRecord(one) && one.name === 'client.authentication.k8s.io/exec')
  return isRecord(found) ? found.extension : undefined
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

/**
 * Returns the settings of a user that `@kubernetes/client-node` does not read, or undefined if the
 * kubeconfig has no such user.
 */
function findExtras(text: string, folder: string, name: string) {
  const config: unknown = parseYaml(text)
  const users: readonly unknown[] = isRecord(config) && Array.isArray(config.users) ? config.users : []
  const entry = users.find((one) => isRecord(one) && String(one.name) === name)
  if (!isRecord(entry)) return undefined
  const user = isRecord(entry.user) ? entry.user : {}
  return {
    /** The file's content replaces `token`. */
    tokenFile: user.tokenFile ? resolve(folder, String(user.tokenFile)) : undefined,
    impersonation: impersonationOf(user),
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

/**
 * Nobody can type anything for a plugin. But some plugins wait three minutes for a login in the
 * browser.
 */
const LIMIT_MS = 200_000

/** The part of the library's exec authenticator that starts the program. */
interface ExecAuthenticator {
  execFn: (command: string, args: readonly string[], options: { readonly env?: NodeJS.ProcessEnv }) => unknown
}

/**
 * Runs the kubeconfig's plugin as kubectl runs it without a terminal, and with a time limit. The
 * library would leave the plugin's input open.
 * @returns a function that gives the error for what the library then throws
 */
function guardPlugin(
  config: KubeConfig,
  { folder, config: settings }: PluginSource,
  { pluginMs: limitMs = LIMIT_MS, pluginSignal: signal }: KubeconfigOptions,
): (cause: unknown) => NopassError {
  const exec = config.getCurrentUser()?.exec
  const { authenticators } = config as unknown as { readonly authenticators: readonly object[] }
  const authenticator = authenticators.find((one): one is ExecAuthenticator => 'execFn' in one)
  let end = 'printed no credential'
  if (exec) {
    const cluster =
      exec.provideClusterInfo === true ? { cluster: clusterInfo(config.getCurrentCluster(), settings) } : {}
    const info = { kind: 'ExecCredential', apiVersion: exec.apiVersion, spec: { interactive: false, ...cluster } }
    if (exec.command?.includes(sep)) exec.command = resolve(folder, exec.command)
    exec.env = [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }]
  }
  if (authenticator !== undefined) {
    authenticator.execFn = (command, args = [], options) => {
      end = 'printed no credential'
      const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
      const stop = (why: string): void => {
        end = why
        child.kill('SIGKILL')
        // A process that the plugin started may keep the pipes open.
        child.stdout.destroy()
        child.stderr.destroy()
      }
      const timer = setTimeout(() => stop(`did not end within ${limitMs / 1000} s`), limitMs)
      const onAbort = (): void => stop(`was ended: ${toNopassError(signal?.reason).message}`)
      if (signal?.aborted) onAbort()
      signal?.addEventListener('abort', onAbort, { once: true })
      child.on('error', ({ code }: NodeJS.ErrnoException) => {
        end = code === 'ENOENT' ? 'is not on PATH' : `cannot be run (${code})`
      })
      child.on('exit', (code) => {
        if (code !== null && code !== 0) end = `ended with the exit code ${code}`
      })
      child.on('close', () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      })
      return child
    }
  }
  return (cause) => {
    const { path, syscall } = cause as NodeJS.ErrnoException
    if (syscall === 'open') return invalid(`${path} of the kubeconfig cannot be read`)
    const { server = '' } = config.getCurrentCluster() ?? {}
    if (server.startsWith('http:')) return invalid(`the kubeconfig's server ${server} is not https`)
    if (exec) {
      const hint = end === 'is not on PATH' && typeof exec.installHint === 'string' ? exec.installHint.trim() : ''
      return invalid(`the kubeconfig's plugin ${exec.command} ${end}`, hint === '' ? undefined : hint)
    }
    return invalid("the kubeconfig's user could not be authenticated")
  }
}

/** `Cluster` in pkg/apis/clientauthentication/v1/types.go of k8s.io/client-go. */
function clusterInfo(cluster: ReturnType<KubeConfig['getCurrentCluster']>, settings: unknown): object {
  const ca = cluster && caOf(cluster)
  return {
    server: cluster?.server,
    ...(cluster?.tlsServerName && { 'tls-server-name': cluster.tlsServerName }),
    ...(cluster?.skipTLSVerify && { 'insecure-skip-tls-verify': true }),
    ...(ca && { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
    ...(cluster?.proxyUrl && { 'proxy-url': cluster.proxyUrl }),
    config: settings ?? null,
  }
}

/** Without a cause: the library's errors quote what a plugin printed, which may be a token. */
function invalid(message: string, hint?: string): NopassError {
  return new NopassError('KUBECONFIG_INVALID', message, { hint })
}
