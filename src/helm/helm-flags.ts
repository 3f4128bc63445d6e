import { NopassError } from '../errors.ts'
import type { HelmVersion } from './find-helm.ts'

export interface ReleaseTarget {
  readonly release: string
  readonly namespace: string
  readonly kubeconfig: string
  readonly context?: string | undefined
}

export interface UpgradeOptions {
  /** A folder or an archive. */
  readonly chart: string
  /** In order: a later file overrides an earlier one. */
  readonly valuesFiles: readonly string[]
  /** A Go duration, such as `5m` or `1m30s`. */
  readonly timeout: string
  readonly wait: boolean
  readonly forceConflicts: boolean
  readonly description: string
  /**
   * True for a dry run in which templates look up nothing in the cluster. The chart refuses to
   * remove a helper that has not removed what it wrote, and a plan comes before that.
   */
  readonly withoutLookups?: boolean
  /** Identifies the step that creates the revision. Undefined in a dry run. */
  readonly step?: StepMark | undefined
}

/**
 * Labels on helm's record, set as soon as the record is pending: the step that created it, and how
 * long its helm may wait.
 */
export interface StepMark {
  readonly id: string
  readonly timeoutSeconds: number
}

export const STEP_LABEL = 'acr-nopass.io/step'
export const TIMEOUT_LABEL = 'acr-nopass.io/timeout'

/**
 * Returns the arguments of `helm upgrade --install`. The output is a table, because the JSON output
 * contains values and Secrets.
 */
export function upgradeArguments(version: HelmVersion, target: ReleaseTarget, options: UpgradeOptions): string[] {
  const { wait, forceConflicts, timeout, description, step } = options
  return [
    ...upgradeCore(target, options),
    ...(wait ? ['--wait'] : []),
    ...forceFlags(version, forceConflicts),
    '--history-max=10',
    `--timeout=${timeout}`,
    `--description=${description}`,
    ...(step === undefined ? [] : [`--labels=${STEP_LABEL}=${step.id},${TIMEOUT_LABEL}=${step.timeoutSeconds}`]),
    '--hide-notes',
    ...colorFlags(version),
  ]
}

/**
 * Returns the arguments of the upgrade as a server-side dry run. Its JSON is parsed in memory and
 * never printed.
 */
export function dryRunArguments(version: HelmVersion, target: ReleaseTarget, options: UpgradeOptions): string[] {
  const kind = options.withoutLookups ? 'client' : 'server'
  return [...upgradeCore(target, options), `--dry-run=${kind}`, '--output=json', '--hide-notes', ...colorFlags(version)]
}

/**
 * Returns the arguments to render the upgrade without the cluster. This is four times cheaper, and
 * exact for a chart without `lookup`.
 */
export function templateArguments(
  target: ReleaseTarget,
  options: UpgradeOptions,
  cluster: { readonly version: string; readonly installed: boolean },
): string[] {
  return [
    'template',
    target.release,
    options.chart,
    `--namespace=${target.namespace}`,
    ...valuesFlags(options),
    `--kube-version=${cluster.version}`,
    ...(cluster.installed ? ['--is-upgrade'] : []),
    '--no-hooks',
  ]
}

/**
 * Returns the arguments of a rollback to the revision `good`, or of an uninstall if there is no
 * such revision. Helm does not keep the upgrade's flags, so the timeout is given again.
 */
export function undoArguments(
  version: HelmVersion,
  target: ReleaseTarget,
  { good, timeout, wait, force = false }: UndoOptions,
): string[] {
  return [
    ...(good === null ? ['uninstall', target.release] : ['rollback', target.release, String(good)]),
    ...targetFlags(target),
    // Helm reports why it could not delete an object only with `--debug`.
    ...(good === null ? ['--ignore-not-found', '--debug'] : []),
    ...(wait ? ['--wait'] : []),
    ...(good === null ? [] : forceFlags(version, force)),
    `--timeout=${timeout}`,
    ...colorFlags(version),
  ]
}

export interface UndoOptions {
  /** Null if the release is to be uninstalled. */
  readonly good: number | null
  readonly timeout: string
  readonly wait: boolean
  /**
   * If true, a rollback takes back fields that somebody changed since. Only if helm applies on the
   * server.
   */
  readonly force?: boolean
}

function upgradeCore(target: ReleaseTarget, options: UpgradeOptions): string[] {
  return [
    'upgrade',
    target.release,
    options.chart,
    '--install',
    ...targetFlags(target),
    ...valuesFlags(options),
    // The given values are complete, so no value of an earlier run is kept.
    '--reset-values',
  ]
}

/**
 * The flag takes a list as a line of CSV (StringSliceVar of spf13/pflag), so a comma in a folder's
 * path would split the path.
 */
function valuesFlags({ valuesFiles }: UpgradeOptions): string[] {
  return valuesFiles.map((file) => `--values=${/[",\r\n]/.test(file) ? `"${file.replaceAll('"', '""')}"` : file}`)
}

function targetFlags(target: ReleaseTarget): string[] {
  return [
    `--namespace=${target.namespace}`,
    `--kubeconfig=${target.kubeconfig}`,
    ...(target.context === undefined ? [] : [`--kube-context=${target.context}`]),
  ]
}

/**
 * True if `helm upgrade --install` applies on the server. Helm 4 installs on the server. It
 * upgrades as the newest revision was applied (getUpgradeServerSideValue in
 * https://github.com/helm/helm/blob/v4.3.1/pkg/action/upgrade.go).
 * @param installed the newest revision; undefined if helm installs
 */
export function isServerSide(
  { major }: HelmVersion,
  installed: { readonly serverSide?: boolean } | undefined,
  force: boolean,
): boolean {
  return major === 4 && (force || installed === undefined || installed.serverSide === true)
}

function forceFlags(version: HelmVersion, force: boolean): string[] {
  if (!force) return []
  if (version.major === 4) return ['--server-side=true', '--force-conflicts']
  throw new NopassError('INPUT_CONFLICT', `force-conflicts needs Helm 4; this is ${version.text}`, {
    hint: 'Helm 3 applies on the client and has no conflicts: leave `force-conflicts` out, or use Helm 4.',
  })
}

function colorFlags(version: HelmVersion): string[] {
  return version.major === 4 ? ['--color=never'] : []
}

/**
 * Formats values as a file that Helm reads with the same types. Helm reads YAML 1.1, in which
 * unquoted `yes`, `on`, `1_000` and `0b11` are not texts. JSON quotes every text. Characters that
 * YAML refuses or reads as a line break are escaped.
 */
export function valuesFile(values: unknown): string {
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return `${JSON.stringify(values, null, 2).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, escaped)}\n`
}
