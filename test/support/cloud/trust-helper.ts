import type { Cloud } from '../../../sandbox/cloud/start-cloud.ts'
import type { Cluster } from '../../../sandbox/cluster/start-cluster.ts'

interface TrustedHelper {
  readonly role: string
  readonly namespace: string
  readonly serviceAccount: string
  readonly actions?: readonly string[]
}

/**
 * Creates a role of the main account that the helper's ServiceAccount token assumes. Returns the
 * `identity` of its values.
 */
export function trustHelper(
  cloud: Cloud,
  { issuer, jwks }: Pick<Cluster, 'issuer' | 'jwks'>,
  { role, namespace, serviceAccount, actions = ['cr:*'] }: TrustedHelper,
): object {
  const audience = 'sts.aliyuncs.com'
  const oidcProviderArn = cloud.registerOidcProvider({ name: 'ack-rrsa', issuer, jwks, clientIds: [audience] })
  const subject = `system:serviceaccount:${namespace}:${serviceAccount}`
  const StringEquals = { 'oidc:iss': issuer, 'oidc:aud': audience, 'oidc:sub': subject }
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Federated: [oidcProviderArn] } }
  cloud.control.putRole(role, { Version: '1', Statement: [{ ...trust, Condition: { StringEquals } }] })
  cloud.control.grant(role, 'rights', {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: actions, Resource: ['*'] }],
  })
  return { type: 'rrsa', rrsa: { roleArn: `acs:ram::${cloud.accountId}:role/${role}`, oidcProviderArn } }
}
