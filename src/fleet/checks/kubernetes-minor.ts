import { KUBERNETES_VERSION } from '../../values/generated/kubernetes-version.ts'
import type { Ahead } from '../cluster-check.ts'
import type { FleetFinding } from '../finding.ts'

/** The oldest minor that docs/en/support.md supports. */
const OLDEST_MINOR = 30
/** `attach: auto` means admission from this minor on (chart/templates/_attach.tpl). */
const ADMISSION_MINOR = 36

/** Returns the minor of a version such as `v1.35.2-aliyun.1`. */
function minorOf(version: string | undefined): number | undefined {
  const [, minor] = /^v?1\.(\d+)/.exec(version ?? '') ?? []
  return minor === undefined ? undefined : Number(minor)
}

/** Reports a minor that is not supported any more. */
export function minorFindings(version: string | undefined): readonly FleetFinding[] {
  const minor = minorOf(version)
  if (minor === undefined || minor >= OLDEST_MINOR) return []
  return [
    {
      id: 'KUBERNETES_UNSUPPORTED',
      severity: 'warning',
      subject: `Kubernetes ${version}`,
      message: `acr-nopass supports Kubernetes 1.${OLDEST_MINOR} and newer`,
      cause: 'The cluster was not upgraded. Before 1.30 the API server has no guard for the helper.',
      fix: 'Upgrade the cluster; docs/en/support.md says what still works.',
    },
  ]
}

interface AttachFacts {
  readonly kubernetes: string | undefined
  /** `attach` as the values have it. */
  readonly wanted: string | undefined
  /** `attach` of the installed configuration. */
  readonly installed: string | undefined
  readonly scope: string | undefined
}

/** Returns what a Kubernetes upgrade, or the next rollout after it, changes by itself. */
export function aheadOf({ kubernetes, wanted, installed, scope }: AttachFacts): readonly Ahead[] {
  const minor = minorOf(kubernetes)
  if (minor === undefined) return []
  const ahead: Ahead[] = []
  if (wanted === 'auto' && installed === 'serviceAccounts' && scope === 'cluster') {
    const when =
      minor >= ADMISSION_MINOR
        ? `The cluster has Kubernetes 1.${minor}, so the next rollout`
        : `After an upgrade to Kubernetes 1.${ADMISSION_MINOR}, the next rollout`
    ahead.push({
      id: 'ATTACH_SWITCHES',
      message: `${when} turns \`attach: auto\` from serviceAccounts into admission.`,
    })
  }
  if (minor === OLDEST_MINOR) {
    const message = `Kubernetes 1.${minor} is the oldest supported minor, and the next to leave the support table.`
    ahead.push({ id: 'KUBERNETES_LEAVES', message })
  }
  const newest = minorOf(KUBERNETES_VERSION)
  if (newest !== undefined && minor > newest) {
    const message = `Kubernetes 1.${minor} is newer than ${KUBERNETES_VERSION}, the newest with which this version was tested.`
    ahead.push({ id: 'KUBERNETES_NEWER', message })
  }
  return ahead
}
