import { Option } from 'commander'

/** Flags by which a cluster is reached, named as kubectl and Helm name them. */
export interface ConnectFlags {
  readonly kubeconfig?: string
  readonly kubeContext?: string
  /** The same, as kubectl spells it. */
  readonly context?: string
}

export function connectOptions(): readonly Option[] {
  return [
    new Option('--kubeconfig <file>', 'kubeconfig file (default: as kubectl, $KUBECONFIG or ~/.kube/config)'),
    new Option('--kube-context <name>', 'context in it (default: its current one)'),
    new Option('--context <name>', 'the same, as kubectl spells it').conflicts('kubeContext'),
  ]
}

/** The context that was named, by whichever of the two flags. */
export function contextOf({ kubeContext, context }: ConnectFlags): string | undefined {
  return kubeContext ?? context
}

/** Which release of acr-nopass is meant. */
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
