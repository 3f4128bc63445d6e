/** All inputs, typed. A text that was not given is empty. */
export interface Inputs {
  readonly mode: 'validate' | 'plan' | 'apply' | 'uninstall'
  readonly clusters: string
  readonly 'clusters-file': string
  readonly cluster: readonly string[]
  readonly waves: number
  readonly name: string
  readonly 'ack-cluster-id': string
  readonly region: string
  readonly 'private-endpoint': boolean
  readonly kubeconfig: string
  readonly 'kube-context': string
  readonly 'worker-roles': readonly string[]
  readonly 'values-files': readonly string[]
  readonly values: string
  readonly chart: string
  readonly 'chart-version': string
  readonly release: string
  readonly namespace: string
  readonly ram: 'auto' | 'worker-role' | 'rrsa' | 'none'
  readonly 'ram-scope': 'instance' | 'all'
  readonly 'ram-cleanup': boolean
  readonly 'adopt-policy': boolean
  readonly 'max-parallel': number
  readonly canary: number
  readonly 'on-failure': 'stop-wave' | 'stop-all' | 'continue'
  readonly 'max-failures': number
  readonly timeout: string
  readonly wait: boolean
  readonly rollback: boolean
  readonly 'uninstall-on-failed-install': boolean
  readonly verify: boolean
  readonly 'verify-image': string
  readonly 'verify-namespace': string
  readonly 'recover-pending': boolean
  readonly 'force-conflicts': boolean
  readonly 'skip-unchanged': boolean
  readonly coexist: boolean
  readonly 'plan-file': string
  readonly 'helm-version': string
  readonly 'helm-mirror': string
  readonly 'helm-sha256': string
  readonly 'role-to-assume': string
  readonly 'oidc-provider-arn': string
  readonly 'session-duration': number
  readonly 'role-session-name': string
  readonly audience: string
  readonly endpoints: string
  readonly confirm: string
  readonly 'allow-on-pull-request': boolean
}

export type InputName = keyof Inputs
