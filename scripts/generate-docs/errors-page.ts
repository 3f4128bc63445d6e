import { CLI_CODES } from '../../src/error-codes/cli.ts'
import { CLOUD_CODES } from '../../src/error-codes/cloud.ts'
import { GENERAL_CODES } from '../../src/error-codes/general.ts'
import { HELM_CODES } from '../../src/error-codes/helm.ts'
import { HELPER_CODES } from '../../src/error-codes/helper.ts'
import { INPUT_CODES } from '../../src/error-codes/input.ts'
import { KUBE_CODES } from '../../src/error-codes/kube.ts'
import { POLICY_CODES } from '../../src/error-codes/policy.ts'
import { REGISTRY_CODES } from '../../src/error-codes/registry.ts'
import { ROLLOUT_CODES } from '../../src/error-codes/rollout.ts'
import { SANDBOX_CODES } from '../../src/error-codes/sandbox.ts'
import { TOOLS_CODES } from '../../src/error-codes/tools.ts'
import { VALUES_CODES } from '../../src/error-codes/values.ts'

type Rows = Readonly<Record<string, { readonly what: string; readonly cure: string }>>

const AREAS: readonly (readonly [title: string, rows: Rows])[] = [
  ['Inputs and flags', INPUT_CODES],
  ['Values and clusters files', VALUES_CODES],
  ['Alibaba Cloud: APIs and identities', CLOUD_CODES],
  ['Registries and their credentials', REGISTRY_CODES],
  ['RAM policies and roles', POLICY_CODES],
  ['Kubernetes', KUBE_CODES],
  ['Helm', HELM_CODES],
  ['Rollouts', ROLLOUT_CODES],
  ['The helper in the cluster', HELPER_CODES],
  ['The command line tool', CLI_CODES],
  ['Tools that the project builds', TOOLS_CODES],
  ['The sandbox', SANDBOX_CODES],
  ['Anywhere', GENERAL_CODES],
]

/** docs/en/errors.md: every code with what it means and its general cure; a message may name a more exact one. */
export function errorsPage(): string {
  const sections = AREAS.map(([title, rows]) => {
    const lines = Object.entries(rows).map(
      ([code, { what, cure }]) => `| \`${code}\` | ${cell(what)} | ${cell(cure)} |`,
    )
    return `## ${title}\n| code | what it means | cure |\n| --- | --- | --- |\n${lines.join('\n')}\n`
  })
  return `# Errors and their cures\n\n${INTRODUCTION}\n${sections.join('\n')}`
}

const INTRODUCTION = `Every failure that acr-nopass reports has one of these codes. A message says what failed, where (file:line:column, or cluster
and namespace), why, and the cure for that very case; the cures here are the general ones. The list is closed: a code never
changes its meaning. (This page is generated from \`src/error-codes/\`.)
`

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
