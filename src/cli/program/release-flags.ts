import { Option } from 'commander'

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
