import type { HelperConfig } from '../../values/helper-config.generated.ts'
import type { CloudFacts, InstanceFacts } from './cloud-facts.ts'

/** An instance that was found, with all that its checks look at. */
export interface KnownInstance {
  readonly registry: HelperConfig['registries'][number]
  readonly facts: InstanceFacts
  readonly found: NonNullable<InstanceFacts['found']>
  readonly place: CloudFacts['place']
  /** Hosts of the images of Pods. */
  readonly hosts: ReadonlySet<string>
}
