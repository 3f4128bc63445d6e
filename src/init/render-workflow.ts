import type { Draft } from './draft.ts'

/** The names that the pages use for what a person creates in RAM. */
const DEPLOY_ROLE = 'acr-nopass-deploy'
const PROVIDER = 'github-actions'

export const WORKFLOW_FILE = '.github/workflows/acr-nopass.yml'

/**
 * Renders the workflow for GitHub. It plans, which writes nothing, until a person writes `apply`.
 * `accountId` is the account of the role that the workflow assumes.
 */
export function renderWorkflow({ clusters, region }: Draft, accountId: string): string {
  const [first] = clusters
  const which =
    clusters.length === 1 && first !== undefined
      ? [
          `          ack-cluster-id: ${first.clusterId}`,
          `          region: ${region ?? first.region}`,
          ...(first.isPrivate ? ['          private-endpoint: true'] : []),
          ...(first.addon === undefined ? [] : ['          coexist: true # remove after the migration']),
        ]
      : ['          clusters-file: clusters.yaml']
  return `# Rolls acr-nopass out, written by acr-nopass init. What it needs in RAM: docs/en/quick-start-ack.md, step 6.
name: acr-nopass
on:
  push: { branches: [main] } # the branch that the role trusts
  workflow_dispatch:
permissions: { contents: read, id-token: write }
concurrency: { group: acr-nopass, cancel-in-progress: false }
jobs:
  rollout:
    runs-on: ubuntu-latest # the runner must reach the API servers
    steps:
      - uses: actions/checkout@v5
      - uses: acr-nopass/acr-nopass@v1
        with:
          mode: plan # writes nothing; change it to apply after the first plan
${which.join('\n')}
          values-files: values.yaml
          role-to-assume: acs:ram::${accountId}:role/${DEPLOY_ROLE} # the role that you create
          oidc-provider-arn: acs:ram::${accountId}:oidc-provider/${PROVIDER} # the provider that you create
`
}
