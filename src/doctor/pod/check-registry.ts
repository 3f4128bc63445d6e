import { parseImage } from '../../acr/image-reference.ts'
import { isAcrHost } from '../../acr/registry-domains.ts'
import { summarize } from '../finding.ts'
import { explainPull, isBeyondCredentials } from './node-words.ts'
import { coveringRegistries, isWaiting, knowsDomains, ok, type PodCheck, unknown, wrong } from './pod-context.ts'

/** Which registry of the values has a credential for the image. */
export const registryCheck: PodCheck = {
  name: 'registry',
  check: (_pod, container, context) => {
    const { image, detail } = container
    const covering = coveringRegistries(image, context)
    if (covering.length > 0) return ok(covering.join(', '))
    const { host } = parseImage(image)
    if (isAcrHost(host) && !knowsDomains(context))
      return unknown(`the helper has not reported whether it covers ${host}`)
    const command = 'acr-nopass validate -f values.yaml'
    const explained = explainPull(detail, image)
    if (isAcrHost(host) && !(isWaiting(container) && isBeyondCredentials(explained.id))) {
      return wrong({
        id: 'POD_UNCOVERED',
        cause: `No registry of the release covers ${host} (it has ${summarize(context.config.registries.map(({ name }) => name))}).`,
        fix: `Add the instance of ${host} to \`registries\`, or the host to \`domains\` of the registry that it belongs to; then upgrade.`,
        command,
      })
    }
    // A running Pod needs nothing from another registry.
    if (!isWaiting(container)) return ok('none: it is pulled without a credential of ours')
    if (isAcrHost(host)) return ok('none; the reason is another one')
    const { cause } = explained
    return wrong({
      id: 'POD_UNCOVERED',
      severity: 'warning',
      cause: `${host} is not a registry of the release. ${cause}`,
      fix: `If ${image} is meant to be pulled with a login, add its registry with \`edition: static\`; else see what the node says.`,
      command,
    })
  },
}
