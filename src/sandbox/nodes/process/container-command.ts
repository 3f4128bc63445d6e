import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { V1Container, V1EnvVar } from '@kubernetes/client-node'
import type { Pod } from '../../cluster/pod.ts'
import { fieldValue, type PodAddresses } from './field-value.ts'
import { type FindSource, MissingSource, needKey, needSource } from './pod-sources.ts'

export interface CommandContext {
  readonly pod: Pod
  readonly addresses: PodAddresses
  readonly find: FindSource
  /** The image's entrypoint, as a command of this machine. */
  readonly entrypoint: readonly string[]
  /** The address at which the container reaches the API server. */
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
 * Evaluates a container's command, args and env as the kubelet does and translates them to this machine: paths below a
 * mount become paths in the volume's folder, and listening addresses on 127.0.0.1 become the Pod's address, because
 * Pods have no network namespace here.
 * @throws MissingSource
 */
export function containerCommand(container: V1Container, context: CommandContext): HostCommand {
  const env = readEnv(container, context)
  const onHost = (text: string): string => toHostPaths(text, container, context.volumeFolder)
  const expand = (text: string): string => onHost(toPodAddress(expandVariables(text, env), context.addresses.podIp))
  const entrypoint = container.command?.map(expand) ?? context.entrypoint
  const [command = '', ...rest] = [...entrypoint, ...(container.args?.map(expand) ?? [])]
  return { command, args: rest, env: Object.fromEntries([...env].map(([name, value]) => [name, onHost(value)])) }
}

/** Replaces loopback addresses with a port, except in URLs, which refer to services of this machine. */
function toPodAddress(text: string, podIp: string): string {
  return text.replace(/(?<![\w./@-])(127\.0\.0\.1|localhost)(?=:\d)/g, podIp)
}

function readEnv(container: V1Container, context: CommandContext): Map<string, string> {
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
      ...(configMapRef && needSource(find, 'configmaps', configMapRef)),
      ...(secretRef && needSource(find, 'secrets', secretRef)),
    }
    for (const [key, value] of Object.entries(data)) env.set(prefix + key, value.toString())
  }
  for (const variable of container.env ?? []) {
    const value = readVariable(variable, context, env)
    if (value !== undefined) env.set(variable.name, value)
  }
  return env
}

function readVariable(
  { value, valueFrom }: V1EnvVar,
  { pod, addresses, find }: CommandContext,
  env: ReadonlyMap<string, string>,
): string | undefined {
  if (!valueFrom) return expandVariables(value ?? '', env)
  if (valueFrom.configMapKeyRef) return needKey(find, 'configmaps', valueFrom.configMapKeyRef)?.toString()
  if (valueFrom.secretKeyRef) return needKey(find, 'secrets', valueFrom.secretKeyRef)?.toString()
  const field = valueFrom.fieldRef && fieldValue(pod, addresses, valueFrom.fieldRef)
  if (field === undefined) throw new MissingSource(`unsupported fieldPath: ${valueFrom.fieldRef?.fieldPath}`)
  return field
}

/** Expands `$(NAME)` and `$$` as in Kubernetes (third_party/forked/golang/expansion), but not unknown names. */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:\$|\(([^()]*)\))/g, (match, name: string | undefined) => {
    return name === undefined ? '$' : (variables.get(name) ?? match)
  })
}

/** Replaces paths in a container's mounts by paths in the volumes' folders; the deepest mount takes precedence. */
export function toHostPaths(text: string, container: V1Container, volumeFolder: (name: string) => string): string {
  const mounts = [...(container.volumeMounts ?? [])].sort((a, b) => b.mountPath.length - a.mountPath.length)
  if (mounts.length === 0) return text
  const folders = new Map(
    mounts.map(({ name, mountPath, subPath = '' }) => [trimEnd(mountPath), join(volumeFolder(name), subPath)]),
  )
  const paths = [...folders.keys()].map((path) => path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
  // Do not match in the middle of a longer path or at the beginning of a longer name.
  const pattern = new RegExp(`(?<![\\w./-])(?:${paths})(?![\\w.-])`, 'g')
  return text.replace(pattern, (path) => folders.get(path) ?? path)
}

function trimEnd(path: string): string {
  return path.replace(/\/+$/, '')
}

/** The images of a process node: a command of this machine by repository (reference without tag and digest). */
export type Images = Readonly<Record<string, readonly string[]>>

export interface FoundImage {
  readonly entrypoint: readonly string[]
  readonly imageId: string
}

/** Returns undefined if the node does not have the image. */
export function findImage(images: Images, reference = ''): FoundImage | undefined {
  const repository = repositoryOf(reference)
  const entrypoint = images[repository]
  if (!entrypoint) return undefined
  const digest = createHash('sha256').update(JSON.stringify(entrypoint)).digest('hex')
  return { entrypoint, imageId: `${repository}@sha256:${digest}` }
}

/** `host:5000/team/app:1@sha256:…` -> `host:5000/team/app`. */
export function repositoryOf(reference: string): string {
  return reference.replace(/@.*$/, '').replace(/:[^:/]*$/, '')
}
