import { judgeImages, unionsByNamespace } from '../../acr/limited-images.ts'
import { entriesOf } from '../../installation/helper-status.ts'
import { createTargets } from '../../installation/targets.ts'
import { shell } from '../../lib/shell-command.ts'
import { pluralize, summarize } from '../../lib/text.ts'
import type { Found } from '../finding.ts'
import type { Observed } from '../observed.ts'

/**
 * Reports images of running Pods that the limit of their namespace excludes. Their nodes have these
 * images, so the refusal comes with the next pull.
 */
export function limitFindings({ release, namespaces, images = [] }: Observed): Found {
  const config = release?.config
  if (config === undefined || namespaces === undefined || !config.helper.enabled) return []
  const unions = unionsByNamespace(config, namespaces, createTargets(config).targeting)
  const reported = (release?.status?.registries ?? []).map((item) => ({ ...item, entries: entriesOf(item) }))
  const { outside } = judgeImages(images, unions, reported)
  if (outside.length === 0) return []
  const objects = [...new Set(outside.map(({ namespace, pod }) => `${namespace}/${pod}`))]
  const named = outside.map(({ namespace, pod, reference }) => `${reference.repository} (Pod ${namespace}/${pod})`)
  return {
    id: 'POD_OUTSIDE_LIMIT',
    severity: 'warning',
    health: 'unknown',
    subject: pluralize(outside.length, 'image'),
    message: `the credential of their namespace is limited to other repositories: ${summarize(named)}`,
    cause:
      'These Pods run, because their nodes have the images. The next pull works only if the repository is public or the Pod has another pull secret.',
    fix: 'Add the repositories to `repositories` of an entry that targets the namespace, or let an entry that has them target it; then upgrade.',
    command: shell`acr-nopass validate -f values.yaml`,
    objects,
  }
}
