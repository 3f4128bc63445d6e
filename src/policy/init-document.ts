import { normalForm, type PolicyDocument, policyOf } from './normal-form.ts'

/**
 * Returns the minimal RAM policy for `acr-nopass init` (`policy --ci --init`), in normal form. It
 * has no action that writes. The lists are allowed on `*`: the vendor's pages about
 * DescribeClustersV1 name `*` or `cluster/*`, and those about ListInstance `*` or the account.
 */
export function initPolicyDocument(accountId = '*'): PolicyDocument {
  return normalForm(
    policyOf([
      { Effect: 'Allow', Action: ['cs:GetClusters', 'cr:ListInstance'], Resource: ['*'] },
      {
        Effect: 'Allow',
        Action: ['cs:DescribeClusterDetail', 'cs:ListClusterAddonInstances'],
        Resource: [`acs:cs:*:${accountId}:cluster/*`],
      },
      { Effect: 'Allow', Action: ['cr:ListInstanceEndpoint'], Resource: [`acs:cr:*:${accountId}:instance/*`] },
    ]),
  )
}
