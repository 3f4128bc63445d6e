import type { Cloud } from '../../../sandbox/cloud/start-cloud.ts'

/**
 * Values for the emulated account's Enterprise instance. With `registry` (its address), logins are
 * verified.
 */
export function teamValues(cloud: Cloud, registry?: string): object {
  const instance = cloud.instances.find(({ edition }) => edition === 'enterprise')
  const { sts, cr } = cloud.endpoints
  return {
    registries: [
      {
        name: 'prod',
        edition: 'enterprise',
        instanceId: instance?.id,
        region: instance?.region,
        repositories: ['team/*'],
      },
    ],
    identity: { type: 'worker-role' },
    region: cloud.regionId,
    attach: 'serviceAccounts',
    verify: { enabled: registry !== undefined },
    endpoints: { sts, cr, ...(registry !== undefined && { registry }) },
    replicas: 1,
  }
}
