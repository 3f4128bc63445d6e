import { parseImage } from '../../acr/registry-domains.ts'
import { quoted, shell } from '../../lib/shell-command.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import type { Draft, Found } from '../finding.ts'
import type { Observed } from '../observed.ts'
import { registriesInFocus } from '../pod/pod-context.ts'
import { type KnownInstance, reachFindings } from './cloud-reach.ts'

type Registry = HelperConfig['registries'][number]

/**
 * Reports Enterprise instances that do not exist, do not run, or cannot be reached from the
 * cluster.
 */
export function cloudInstanceFindings(observed: Observed): readonly Draft[] {
  const { cloud, release } = observed
  if (cloud.state !== 'looked') return []
  const { instances, place, accountId } = cloud.facts
  const hosts = new Set(
    podsOf(observed).flatMap(({ containers }) => containers.map(({ image }) => parseImage(image).host)),
  )
  return registriesInFocus(observed, release?.config?.registries ?? []).flatMap((registry) => {
    const facts = instances.get(registry.name)
    if (facts?.found === undefined) return []
    if (facts.found === null) return describeAbsentInstance(registry, accountId)
    const known = { registry, facts, found: facts.found, place, hosts }
    return [stateFindings(known), reachFindings(known)].flat()
  })
}

const podsOf = ({ focus, pods }: Observed) => (focus === undefined ? (pods ?? []) : [focus.pod])

function describeAbsentInstance({ name, instanceId, instanceName, region }: Registry, accountId: string): Draft {
  return {
    id: 'INSTANCE_NOT_FOUND',
    subject: `registry ${name}`,
    message: `account ${accountId} has no instance ${instanceId ?? `named ${instanceName}`} in ${region}`,
    cause: 'The instance was deleted, or its id, region or account differs from the values.',
    fix: 'Correct `instanceId` (or `instanceName`) and `region` of this registry in values, and upgrade.',
    command: shell`aliyun cr ListInstance --region ${quoted(region)}`,
  }
}

function stateFindings({ registry, facts, found }: KnownInstance): Found {
  const { instanceId } = facts
  const subject = `registry ${registry.name}`
  const command = shell`aliyun cr GetInstance --region ${quoted(found.region)} --InstanceId ${quoted(instanceId)}`
  const findings: Draft[] = []
  if (registry.region && found.region && found.region !== registry.region) {
    findings.push({
      id: 'INSTANCE_ELSEWHERE',
      subject,
      message: `instance ${instanceId} is in ${found.region}, but the values have ${registry.region}`,
      cause: 'The helper calls the API of the region in the values, which does not know the instance.',
      fix: `Set \`region: ${found.region}\` for this registry in values, and upgrade.`,
      command,
    })
  }
  if (found.status !== '' && found.status !== 'RUNNING') {
    findings.push({
      id: 'INSTANCE_NOT_RUNNING',
      subject,
      message: `instance ${instanceId} is ${found.status}`,
      cause: 'The instance is being created or changed, or its subscription has expired.',
      fix: 'Wait, or renew the instance in the console of Container Registry; nothing can be pulled from it until it is RUNNING.',
      command,
    })
  }
  return findings
}
