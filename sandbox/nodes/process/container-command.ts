import type { V1Container, V1EnvVar } from '@kubernetes/client-node'
import type { Pod } from '../../cluster/pod.ts'

export interface CommandContext {
  readonly pod: Pod
  readonly podIp: string
  /** The image's entrypoint, as a command of this machine. */
  readonly entrypoint: readonly string[]
  /** The address at which the container reaches the API server. */
  readonly apiServer: { readonly host: string; readonly port: number }
  /** The folder of a volume on this machine. */
  readonly volumeFolder: (name: string) => string
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Evaluates a container's command, args and env as the kubelet does and translates them to this
 * machine: paths below a mount become paths in the volume's folder, and listening addresses on
 * 127.0.0.1 become the Pod's address, because Pods have no network namespace here. Throws for a Pod
 * that needs more than the chart's Pods do.
 */
export function containerCommand(container: V1Container, context: CommandContext) {
  const problem = findUnsupported(context.pod.spec)
  if (problem !== undefined) throw new Error(`this node does not support ${problem}`)
  const env = readEnv(container, context)
  const onHost = (text: string): string => toHostPaths(text, container, context.volumeFolder)
  const expand = (text: string): string => onHost(toPodAddress(expandVariables(text, env), context.podIp))
  const entrypoint = container.command?.map(expand) ?? context.entrypoint
  const [command = '', ...args] = [...entrypoint, ...(container.args?.map(expand) ?? [])]
  return { command, args, env: Object.fromEntries([...env].map(([name, value]) => [name, onHost(value)])) }
}

function findUnsupported({ containers, initContainers = [], volumes = [], restartPolicy }: Pod['spec']) {
  if (containers.length + initContainers.length > 1) return 'more than one container'
  if (restartPolicy !== undefined && restartPolicy !== 'Always') return `restartPolicy ${restartPolicy}`
  const volume = volumes.find(({ projected, secret }) => !projected && !secret)
  if (volume) return `the type of volume "${volume.name}"`
  const variables = containers.flatMap(({ env = [] }) => env)
  const variable = variables.find(({ valueFrom }) => valueFrom && !valueFrom.fieldRef)
  if (variable) return `the source of ${variable.name}`
  return containers.some(({ envFrom }) => envFrom) ? 'envFrom' : undefined
}

/**
 * Replaces loopback addresses with a port, except in URLs, which refer to services of this machine.
 */
function toPodAddress(text: string, podIp: string): string {
  return text.replace(/(?<![\w./@-])(127\.0\.0\.1|localhost)(?=:\d)/g, podIp)
}

function readEnv(container: V1Container, { pod, podIp, apiServer }: CommandContext): Map<string, string> {
  const env = new Map<string, string>([
    ['PATH', PATH],
    ['HOSTNAME', pod.metadata.name],
    ['HOME', '/'],
    ['KUBERNETES_SERVICE_HOST', apiServer.host],
    ['KUBERNETES_SERVICE_PORT', String(apiServer.port)],
  ])
  for (const { name, value = '', valueFrom } of container.env ?? [])
    env.set(name, valueFrom?.fieldRef ? fieldValue(pod, podIp, valueFrom.fieldRef) : expandVariables(value, env))
  return env
}

/** Returns the value of a downward API field; throws for a field that the chart does not use. */
export function fieldValue(
  { metadata, spec }: Pod,
  podIp: string,
  { fieldPath }: NonNullable<NonNullable<V1EnvVar['valueFrom']>['fieldRef']>,
): string {
  const values: Readonly<Record<string, string | undefined>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec.nodeName,
    'status.podIP': podIp,
  }
  const value = values[fieldPath]
  if (value === undefined) throw new Error(`this node does not support the field ${fieldPath}`)
  return value
}

/**
 * Expands `$(NAME)` and `$$` as in Kubernetes (third_party/forked/golang/expansion). Unknown names
 * stay unchanged.
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:\$|\(([^()]*)\))/g, (match, name: string | undefined) => {
    return name === undefined ? '$' : (variables.get(name) ?? match)
  })
}

/**
 * Replaces paths in a container's mounts by paths in the volumes' folders. The mounts must not be
 * nested.
 */
export function toHostPaths(text: string, container: V1Container, volumeFolder: (name: string) => string): string {
  return (container.volumeMounts ?? []).reduce((found, { name, mountPath }) => {
    // The pattern must not match in the middle of a longer path or at the beginning of a longer
    // name.
    const pattern = new RegExp(`(?<![\\w./-])${mountPath.replaceAll('.', '\\.')}(?![\\w.-])`, 'g')
    return found.replace(pattern, () => volumeFolder(name))
  }, text)
}

/**
 * The images of a process node: a command of this machine by repository (reference without tag and
 * digest).
 */
export type Images = Readonly<Record<string, readonly string[]>>

/**
 * Returns the command of the image `host:5000/team/app:1@sha256:…`; undefined if the node does not
 * have it.
 */
export function findImage(images: Images, reference: string): readonly string[] | undefined {
  return images[reference.replace(/@.*$/, '').replace(/:[^:/]*$/, '')]
}
