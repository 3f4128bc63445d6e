import { CHECK_ONLY, type InputName, LOGIN_ONLY } from '../../rollout/inputs/input-table.ts'

/** The headings of `--help`, the same as in docs/en/action.md. */
export const FLAG_GROUPS: Readonly<Record<string, readonly InputName[]>> = {
  'What to do': ['mode', 'confirm', 'plan-file', 'allow-on-pull-request'],
  'Which clusters': ['clusters', 'clusters-file', 'cluster', 'waves'],
  'One cluster without a list': [
    'ack-cluster-id',
    'region',
    'private-endpoint',
    'kubeconfig',
    'kube-context',
    'name',
    'worker-roles',
  ],
  'What is installed': ['values-files', 'values', 'release', 'namespace', 'chart', 'chart-version'],
  RAM: ['ram', 'ram-scope', 'adopt-policy', 'ram-cleanup'],
  'Order of the rollout and failures': ['max-parallel', 'on-failure'],
  'How a cluster is upgraded': [
    'timeout',
    'wait',
    'rollback',
    'uninstall-on-failed-install',
    'skip-unchanged',
    'recover-pending',
    'force-conflicts',
    'coexist',
  ],
  'Verification after the deploy': ['verify', 'verify-image', 'verify-namespace'],
  'Check of the fleet': CHECK_ONLY,
  'Login to registries': LOGIN_ONLY,
  'Credentials of the job': [
    'role-to-assume',
    'oidc-provider-arn',
    'session-duration',
    'role-session-name',
    'audience',
    'endpoints',
  ],
}

/** The examples below the flags of each command. */
export const EXAMPLES = {
  plan: `
Examples:
  acr-nopass plan --ack-cluster-id c8f3d0a61b7e --region cn-hangzhou -f values.yaml
  acr-nopass plan --kubeconfig kubeconfig.yaml -f values.yaml --diff
  acr-nopass plan --clusters-file clusters.yaml -f values.yaml --detailed-exitcode`,
  apply: `
Examples:
  acr-nopass apply --ack-cluster-id c8f3d0a61b7e --region cn-hangzhou -f values.yaml
  acr-nopass apply --kubeconfig kubeconfig.yaml -f values.yaml --ram none
  acr-nopass apply --clusters-file clusters.yaml -f values.yaml --max-parallel 8`,
  uninstall: `
Examples:
  acr-nopass uninstall --ack-cluster-id c8f3d0a61b7e --region cn-hangzhou -f values.yaml --confirm acr-nopass/1
  acr-nopass uninstall --ack-cluster-id c8f3d0a61b7e --region cn-hangzhou -f values.yaml --confirm acr-nopass/1 --ram-cleanup
  acr-nopass uninstall --clusters-file clusters.yaml -f values.yaml --cluster staging --confirm acr-nopass/1`,
} as const
