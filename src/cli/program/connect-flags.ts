import { Option } from 'commander'

/** Flags that select a cluster, named as in kubectl and Helm. */
export interface ConnectFlags {
  readonly kubeconfig?: string
  readonly kubeContext?: string
  /** The same, as in kubectl. */
  readonly context?: string
}

export function connectOptions(): readonly Option[] {
  return [
    new Option('--kubeconfig <file>', 'kubeconfig file (default: as kubectl, $KUBECONFIG or ~/.kube/config)'),
    new Option('--kube-context <name>', 'context in it (default: its current one)'),
    new Option('--context <name>', 'the same, as kubectl spells it').conflicts('kubeContext'),
  ]
}

/** The context from either of the two flags. */
export function contextOf({ kubeContext, context }: ConnectFlags): string | undefined {
  return kubeContext ?? context
}

/** Flags that select a release of acr-nopass. */
export interface ReleaseFlags {
  readonly namespace?: string
  readonly release?: string
}

export function releaseOptions(): readonly Option[] {
  return [
    new Option('-n, --namespace <name>', 'namespace of the release (default: it is found)'),
    new Option('--release <name>', 'name of the release (default: it is found)'),
  ]
}
