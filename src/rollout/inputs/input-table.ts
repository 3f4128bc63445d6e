/**
 * One input of the action, which is also a flag of the CLI. action.yml, `--help` and the parser are
 * generated from this table.
 */
export interface InputSpec {
  readonly kind: 'text' | 'boolean' | 'integer' | 'duration' | 'list' | 'choice'
  readonly default: string
  readonly about: string
  /** For `choice`. */
  readonly choices?: readonly string[]
  /**
   * For `list`: if the input is given, it must name something. An expression that is empty by
   * mistake must not mean all clusters.
   */
  readonly isNeverEmpty?: true
  /** For `list`: an empty list is no limit, so a text that has only separators is refused. */
  readonly isLimit?: true
  /** For `integer`. */
  readonly min?: number
  readonly max?: number
}

const text = (about: string, fallback = '') => ({ kind: 'text', default: fallback, about }) as const
const list = (about: string) => ({ kind: 'list', default: '', about }) as const
const limit = (about: string) => ({ ...list(about), isLimit: true }) as const
const flag = (about: string, fallback = 'false') => ({ kind: 'boolean', default: fallback, about }) as const

function integer(min: number, max: number, fallback: string, about: string) {
  return { kind: 'integer', min, max, default: fallback, about } as const
}

function choice<const Choice extends string>(choices: readonly Choice[], fallback: NoInfer<Choice>, about: string) {
  return { kind: 'choice', choices, default: fallback, about } as const
}

/**
 * The default that means all clusters. The runner uses a default only if the input is absent. An
 * expression that is empty by mistake therefore stays empty.
 */
export const ALL_CLUSTERS = '*'

/**
 * Every input, in the order of the documentation. Defaults are written as a person would write
 * them.
 */
const TABLE = {
  mode: choice(
    ['validate', 'plan', 'apply', 'uninstall', 'check', 'login'],
    'apply',
    'validate: offline check; plan: what would change, reads only; apply: make the changes; uninstall: remove what the helper wrote, then the release; check: whether pulls work in every cluster, reads only; login: log this job in to registries.',
  ),
  clusters: text(
    'The clusters as a YAML list (schemas/clusters.schema.json). Excludes clusters-file and the single-cluster inputs.',
  ),
  'clusters-file': text('A file with the list of clusters.'),
  cluster: {
    ...list('Names of the entries of the list to work on (for strategy.matrix jobs); *: all.'),
    default: ALL_CLUSTERS,
    isNeverEmpty: true,
  },
  waves: integer(
    0,
    5000,
    '0',
    'How many waves the workflow has jobs for; a list with another number of waves is an error. 0: not checked.',
  ),
  name: text('Single cluster: its name in reports.'),
  'ack-cluster-id': text('Single cluster: its id in ACK; a temporary kubeconfig is fetched.'),
  region: text('Region of the single cluster, or of the registry, such as cn-hangzhou.'),
  'private-endpoint': flag("Single ACK cluster: use the API server's VPC address."),
  kubeconfig: text('Single cluster: a kubeconfig file, or its content (from a secret).'),
  'kube-context': text('Single cluster: the context in the kubeconfig.'),
  'worker-roles': list('Single cluster: RAM roles of the nodes; else found through ACK.'),
  'values-files': list('Values files for all clusters, in order; later wins.'),
  values: text('Inline values (YAML) for all clusters, after the files.'),
  chart: text("A chart's folder or archive, or oci://…; empty: the chart of this version."),
  'chart-version': text('Version of an oci:// chart.'),
  release: text('Name of the Helm release.', 'acr-nopass'),
  namespace: text('Namespace of the release; created if it does not exist.', 'acr-nopass'),
  ram: choice(
    ['auto', 'worker-role', 'rrsa', 'none'],
    'auto',
    'The identity whose RAM policy is applied. auto follows identity.type of the values and writes RAM; none does not change RAM.',
  ),
  'ram-scope': choice(
    ['instance', 'all'],
    'instance',
    'Resources in the policy: the repositories in the values, or all.',
  ),
  'ram-cleanup': flag('uninstall: also detach and delete our own RAM policy and role.'),
  'adopt-policy': flag('Take over a RAM policy of the same name that does not have the mark of acr-nopass.'),
  'max-parallel': integer(1, 64, '4', 'Clusters that are processed at the same time.'),
  'on-failure': choice(
    ['stop', 'continue'],
    'stop',
    'After a failure: stop starts no further cluster; continue tries all. Running clusters always finish.',
  ),
  timeout: {
    kind: 'duration',
    default: '5m',
    about: "Helm's timeout for each cluster; of a check, the time for each cluster.",
  },
  wait: flag('Wait until the helper is ready.', 'true'),
  rollback: flag('Roll back to the last good revision after a failed upgrade.', 'true'),
  'uninstall-on-failed-install': flag('Also remove a first installation that failed.'),
  verify: flag(
    'After the deploy, verify that every registry is live, a new namespace gets its Secret, and a new Pod the reference. Creates and deletes a namespace for this.',
    'true',
  ),
  'verify-image': text('Also run one Pod of this image in the probe namespace until it is pulled.'),
  'verify-namespace': text(
    'Verify in this existing namespace, which must be a target, instead of a new one. Only a ServiceAccount and a Pod are created there, and are removed afterwards.',
  ),
  'recover-pending': flag('Repair a release that an interrupted run left pending.'),
  'force-conflicts': flag('Helm 4: take over fields that another manager owns.'),
  'skip-unchanged': flag('Create no new revision if nothing would change.', 'true'),
  coexist: flag("Continue although the vendor's credential add-on is installed."),
  'plan-file': text('plan: where to write the plan; apply: an approved plan, which must still match the changes.'),
  registry: text('login: an instance id (cri-…, with region), or one of its domains.'),
  registries: limit('login: names of entries in the values; empty: all.'),
  repositories: limit(
    'login: limits the login to these repositories, such as shop/web or shop/*; empty: those of the entry. push needs them.',
  ),
  push: flag('login: also allow pushes.'),
  'create-repositories': flag(
    'login: a push may create its repository, where the namespace creates repositories automatically.',
  ),
  network: choice(['all', 'public', 'vpc'], 'all', 'login: which domains of the registry, besides its custom domains.'),
  config: choice(
    ['merge', 'isolated'],
    'merge',
    "login: merge adds the login to the user's Docker configuration; isolated writes a configuration of its own and sets DOCKER_CONFIG.",
  ),
  'min-life': { kind: 'duration', default: '30m', about: 'login: fail if the token lives shorter.' },
  'expires-in-hours': integer(
    0,
    24,
    '0',
    'login: requested lifetime of the token; Enterprise only. 0: one hour, or that of the entry.',
  ),
  'fail-on': choice(
    ['error', 'warning', 'drift', 'never'],
    'error',
    'check: what makes it fail. error: an error, or a cluster that could not be reached; drift: also a cluster that differs from its release or the list; warning: also a warning, and anything that could not be read; never: nothing.',
  ),
  horizon: {
    kind: 'duration',
    default: '24h',
    about: 'check: report a credential that expires within this time and was not renewed when due.',
  },
  'role-to-assume': text('RAM role (ARN) that the job assumes with its OIDC token; else ALIBABA_CLOUD_* variables.'),
  'oidc-provider-arn': text('The OIDC provider (ARN) of GitHub in that account.'),
  'session-duration': integer(900, 43_200, '3600', 'Session duration in seconds.'),
  'role-session-name': text("Name of the session in ActionTrail; empty: the repository's and the run's."),
  audience: text('Audience of the OIDC token.', 'sts.aliyuncs.com'),
  endpoints: text('Other addresses of cloud APIs (YAML map: ram, sts, cs, cr); http only on loopback.'),
  confirm: text('uninstall: `<release>/<number of clusters>`.'),
  'allow-on-pull-request': flag('Allow pull request events to apply and uninstall.'),
} as const satisfies Readonly<Record<string, InputSpec>>

export type InputName = keyof typeof TABLE

export const INPUTS: Readonly<Record<InputName, InputSpec>> = TABLE

/** Inputs that only `mode: login` uses, in the order of the documentation. */
export const LOGIN_ONLY = [
  'registry',
  'registries',
  'repositories',
  'push',
  'create-repositories',
  'network',
  'config',
  'min-life',
  'expires-in-hours',
] as const satisfies readonly InputName[]

/** Inputs that only `mode: check` uses, in the order of the documentation. */
export const CHECK_ONLY = ['fail-on', 'horizon'] as const satisfies readonly InputName[]

/** Inputs that `mode: login` shares with the other modes. */
export const LOGIN_SHARED = [
  'region',
  'values-files',
  'values',
  'role-to-assume',
  'oidc-provider-arn',
  'session-duration',
  'role-session-name',
  'audience',
  'endpoints',
] as const satisfies readonly InputName[]

/** All inputs, typed. A text input that was not given is empty. */
export type Inputs = { readonly [Name in InputName]: ValueOf<(typeof TABLE)[Name]> }

type ValueOf<Spec extends InputSpec> = Spec extends { kind: 'boolean' }
  ? boolean
  : Spec extends { kind: 'integer' }
    ? number
    : Spec extends { kind: 'list' }
      ? readonly string[]
      : Spec extends { choices: readonly (infer Choice)[] }
        ? Choice
        : string
