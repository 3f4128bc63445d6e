import { join } from 'node:path'
import type { Container, EnvVar, Pod } from '../../cluster/pod.ts'
import { fieldValue, type PodPlace, resourceValue } from './field-value.ts'
import { type FindSource, MissingSource, needKey, needSource } from './sources.ts'

export interface CommandContext {
  readonly pod: Pod
  readonly place: PodPlace
  readonly find: FindSource
  /** What the image itself runs, as a command of this machine. */
  readonly entrypoint: readonly string[]
  /** Where `kubernetes` is reached. */
  readonly apiServer: { readonly host: string; readonly port: number }
  /** The folder of a volume on this machine. */
  readonly volumeFolder: (name: string) => string
}

export interface HostCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Reads a container's command, args and env as the kubelet does and translates them to this machine: paths below a mount become paths of the volume's
 * folder, and a listening address on 127.0.0.1 the Pod's own address (there is no network namespace). Throws MissingSource.
 */
export function containerCommand(container: Container, context: CommandContext): HostCommand {
  const env = readEnv(container, context)
  const onHost = (text: string): string => toHostPaths(text, container, context.volumeFolder)
  const expand = (text: string): string => onHost(toPodAddress(expandVariables(text, env), context.place.podIp))
  const own = container.command?.map(expand)
  const args = container.args?.map(expand) ?? []
  const [command = '', ...rest] = [...(own ?? context.entrypoint), ...args]
  return { command, args: rest, env: Object.fromEntries([...env].map(([name, value]) => [name, onHost(value)])) }
}

/** A port of the Pod's loopback; a URL (`http://127.0.0.1:…`) means a service of the machine and stays. */
function toPodAddress(text: string, podIp: string): string {
  return text.replace(/(?<![\w./@-])(127\.0\.0\.1|localhost)(?=:\d)/g, podIp)
}

function readEnv(container: Container, context: CommandContext): Map<string, string> {
  const { pod, find, apiServer } = context
  const env = new Map<string, string>([
    ['PATH', PATH],
    ['HOSTNAME', pod.metadata.name],
    ['HOME', '/'],
    ['KUBERNETES_SERVICE_HOST', apiServer.host],
    ['KUBERNETES_SERVICE_PORT', String(apiServer.port)],
    ['KUBERNETES_SERVICE_PORT_HTTPS', String(apiServer.port)],
    ['KUBERNETES_PORT', `tcp://${apiServer.host}:${apiServer.port}`],
  ])
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const data = {
      ...(configMapRef && needSource(find, 'configmaps', configMapRef.name, configMapRef.optional)),
      ...(secretRef && needSource(find, 'secrets', secretRef.name, secretRef.optional)),
    }
    for (const [key, value] of Object.entries(data)) env.set(prefix + key, value.toString())
  }
  for (const variable of container.env ?? []) {
    const value = readVariable(variable, container, context, env)
    if (value !== undefined) env.set(variable.name, value)
  }
  return env
}

function readVariable(
  { value, valueFrom }: EnvVar,
  container: Container,
  { pod, place, find }: CommandContext,
  env: ReadonlyMap<string, string>,
): string | undefined {
  if (!valueFrom) return expandVariables(value ?? '', env)
  if (valueFrom.configMapKeyRef) return needKey(find, 'configmaps', valueFrom.configMapKeyRef)?.toString()
  if (valueFrom.secretKeyRef) return needKey(find, 'secrets', valueFrom.secretKeyRef)?.toString()
  if (valueFrom.resourceFieldRef) return resourceValue(pod, valueFrom.resourceFieldRef, container.name)
  const field = valueFrom.fieldRef && fieldValue(pod, place, valueFrom.fieldRef)
  if (field === undefined) throw new MissingSource(`unsupported fieldPath: ${valueFrom.fieldRef?.fieldPath}`)
  return field
}

/** `$(NAME)` becomes the variable's value, `$$` a dollar; an unknown name stays as it is (as Kubernetes' third_party/forked/golang/expansion). */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(\$|\(([^()]*)\))/g, (whole, what: string, name: string | undefined) => {
    if (what === '$') return '$'
    return name === undefined ? whole : (variables.get(name) ?? whole)
  })
}

/** Replaces paths at and below a container's mounts by the volumes' folders on this machine; the deepest mount wins. */
export function toHostPaths(text: string, container: Container, volumeFolder: (name: string) => string): string {
  const mounts = [...(container.volumeMounts ?? [])].sort((a, b) => b.mountPath.length - a.mountPath.length)
  if (mounts.length === 0) return text
  const folders = new Map(
    mounts.map(({ name, mountPath, subPath = '' }) => [trimEnd(mountPath), join(volumeFolder(name), subPath)]),
  )
  const paths = [...folders.keys()].map((path) => path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
  // a whole path: neither the middle of a longer one, nor the beginning of another name
  const pattern = new RegExp(`(?<![\\w./-])(?:${paths})(?![\\w.-])`, 'g')
  return text.replace(pattern, (path) => folders.get(path) ?? path)
}

function trimEnd(path: string): string {
  return path.replace(/\/+$/, '')
}
