/** One input of the action, which is also a flag of the CLI. action.yml, `--help` and the parser are made from this table. */
export interface InputSpec {
  readonly kind: 'text' | 'boolean' | 'integer' | 'duration' | 'list' | 'choice'
  readonly default: string
  readonly about: string
  /** For `choice`. */
  readonly choices?: readonly string[]
  /** For `integer`. */
  readonly min?: number
  readonly max?: number
}

/** Every input, in the order of the documentation. Defaults are as a person writes them. */
const TABLE = {
  mode: {
    kind: 'choice',
    choices: ['validate', 'plan', 'apply', 'uninstall'],
    default: 'apply',
    about:
      'validate: offline check; plan: what would change, reads only; apply: make the changes; uninstall: remove what the helper wrote, then the release.',
  },
  clusters: {
    kind: 'text',
    default: '',
    about:
      'The clusters as a YAML list (schemas/clusters.schema.json). Excludes clusters-file and the single-cluster inputs.',
  },
  'clusters-file': { kind: 'text', default: '', about: 'A file with that list.' },
  cluster: {
    kind: 'list',
    default: '',
    about: 'Names of the entries of the list to work on (for strategy.matrix jobs); empty: all.',
  },
  waves: {
    kind: 'integer',
    min: 0,
    max: 5000,
    default: '0',
    about: 'How many waves the workflow has jobs for; a list with another number of waves is an error. 0: not checked.',
  },
  name: { kind: 'text', default: '', about: 'Single cluster: its name in reports.' },
  'ack-cluster-id': {
    kind: 'text',
    default: '',
    about: 'Single cluster: its id in ACK; a temporary kubeconfig is fetched.',
  },
  region: { kind: 'text', default: '', about: 'Single cluster: its region, such as cn-hangzhou.' },
  'private-endpoint': {
    kind: 'boolean',
    default: 'false',
    about: "Single ACK cluster: use the API server's VPC address.",
  },
  kubeconfig: {
    kind: 'text',
    default: '',
    about: 'Single cluster: a kubeconfig file, or its content (from a secret).',
  },
  'kube-context': { kind: 'text', default: '', about: 'Single cluster: the context in that kubeconfig.' },
  'worker-roles': {
    kind: 'list',
    default: '',
    about: 'Single cluster: RAM roles of the nodes; else found through ACK.',
  },
  'values-files': { kind: 'list', default: '', about: 'Values files for all clusters, in order; later wins.' },
  values: { kind: 'text', default: '', about: 'Inline values (YAML) for all clusters, after the files.' },
  chart: {
    kind: 'text',
    default: '',
    about: "A chart's folder or archive, or oci://…; empty: the chart of this version.",
  },
  'chart-version': { kind: 'text', default: '', about: 'Version of an oci:// chart.' },
  release: { kind: 'text', default: 'acr-nopass', about: 'Name of the Helm release.' },
  namespace: { kind: 'text', default: 'acr-nopass', about: 'Namespace of the release; created if it does not exist.' },
  ram: {
    kind: 'choice',
    choices: ['auto', 'worker-role', 'rrsa', 'none'],
    default: 'auto',
    about:
      'Whose RAM policy is applied. auto follows identity.type of the values and writes RAM; none leaves RAM alone.',
  },
  'ram-scope': {
    kind: 'choice',
    choices: ['instance', 'all'],
    default: 'instance',
    about: 'Resources in the policy: the repositories in the values, or all.',
  },
  'ram-cleanup': {
    kind: 'boolean',
    default: 'false',
    about: 'uninstall: also detach and delete our own RAM policy and role.',
  },
  'adopt-policy': {
    kind: 'boolean',
    default: 'false',
    about: 'Take over a RAM policy of the same name that does not have the mark of acr-nopass.',
  },
  'max-parallel': {
    kind: 'integer',
    min: 1,
    max: 64,
    default: '4',
    about: 'Clusters that are processed at the same time.',
  },
  canary: {
    kind: 'integer',
    min: 0,
    max: 64,
    default: '1',
    about: 'Clusters of the first wave that go first, one after another.',
  },
  'on-failure': {
    kind: 'choice',
    choices: ['stop-wave', 'stop-all', 'continue'],
    default: 'stop-wave',
    about:
      'After a failure: stop-wave tries the rest of its wave and skips later ones; stop-all starts nothing new; continue tries all. Running ones always finish.',
  },
  'max-failures': {
    kind: 'integer',
    min: 0,
    max: 5000,
    default: '0',
    about: 'Number of failed clusters tolerated before on-failure takes effect.',
  },
  timeout: { kind: 'duration', default: '5m', about: "Helm's timeout for each cluster." },
  wait: { kind: 'boolean', default: 'true', about: 'Wait until the helper is ready.' },
  rollback: { kind: 'boolean', default: 'true', about: 'Roll back to the last good revision after a failed upgrade.' },
  'uninstall-on-failed-install': {
    kind: 'boolean',
    default: 'false',
    about: 'Also remove a first installation that failed.',
  },
  verify: {
    kind: 'boolean',
    default: 'true',
    about:
      'After the deploy: every registry live, a new namespace gets its Secret, a new Pod the reference. Creates and deletes a namespace for that.',
  },
  'verify-image': {
    kind: 'text',
    default: '',
    about: 'Also run one Pod of this image in the probe namespace until it is pulled.',
  },
  'verify-namespace': {
    kind: 'text',
    default: '',
    about:
      'Verify in this existing namespace, which must be a target, instead of a new one. Only a ServiceAccount and a Pod of its own are made there, and removed.',
  },
  'recover-pending': {
    kind: 'boolean',
    default: 'false',
    about: 'Repair a release that an interrupted run left pending.',
  },
  'force-conflicts': {
    kind: 'boolean',
    default: 'false',
    about: 'Helm 4: take over fields that another manager owns.',
  },
  'skip-unchanged': { kind: 'boolean', default: 'true', about: 'Create no new revision where nothing would change.' },
  coexist: {
    kind: 'boolean',
    default: 'false',
    about: "Continue although the vendor's credential add-on is installed.",
  },
  'plan-file': {
    kind: 'text',
    default: '',
    about: 'plan: where to write the plan; apply: an approved plan, which must still match the changes.',
  },
  'helm-version': {
    kind: 'text',
    default: '',
    about: 'Exact Helm version; downloaded and its SHA-256 verified, unless PATH has it. Empty: the helm on PATH.',
  },
  'helm-mirror': { kind: 'text', default: 'https://get.helm.sh', about: 'Where helm-version is downloaded from.' },
  'helm-sha256': {
    kind: 'text',
    default: '',
    about: 'SHA-256 of the archive of helm-version; needed only for a version whose checksum is not known here.',
  },
  'role-to-assume': {
    kind: 'text',
    default: '',
    about: 'RAM role (ARN) that the job assumes with its OIDC token; else ALIBABA_CLOUD_* variables.',
  },
  'oidc-provider-arn': { kind: 'text', default: '', about: 'The OIDC provider (ARN) of GitHub in that account.' },
  'session-duration': {
    kind: 'integer',
    min: 900,
    max: 43_200,
    default: '3600',
    about: 'Session duration in seconds.',
  },
  'role-session-name': {
    kind: 'text',
    default: '',
    about: "Name of the session in ActionTrail; empty: the repository's and the run's.",
  },
  audience: { kind: 'text', default: 'sts.aliyuncs.com', about: 'Audience of the OIDC token.' },
  endpoints: {
    kind: 'text',
    default: '',
    about: 'Other addresses of cloud APIs (YAML map: ram, sts, cs, cr); http only on loopback.',
  },
  confirm: { kind: 'text', default: '', about: 'uninstall: `<release>/<number of clusters>`.' },
  'allow-on-pull-request': {
    kind: 'boolean',
    default: 'false',
    about: 'Allow pull request events to apply and uninstall.',
  },
} as const satisfies Readonly<Record<string, InputSpec>>

export type InputName = keyof typeof TABLE

export const INPUTS: Readonly<Record<InputName, InputSpec>> = TABLE

/** All inputs, typed. A text that was not given is empty. */
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
