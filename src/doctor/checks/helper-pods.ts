import type { NopassError } from '../../errors.ts'
import { findCauses, refusalFix } from '../../installation/release-causes.ts'
import { withoutSecrets } from '../../kube/api-error.ts'
import { shell } from '../../lib/shell-command.ts'
import { pluralize, summarize } from '../../lib/text.ts'
import type { Draft, Found } from '../finding.ts'
import type { Observed } from '../observed.ts'
import { applyAgain } from './fix-commands.ts'

/** The cause if nothing is wrong with the Pods themselves. */
export const HELPER_NOT_READY = 'Its Pods are not ready yet, or no node has room for them.'

/** Reports whether the helper's Pods run, and why they do not. */
export function helperPodFindings({ release, deployment, helperPods }: Observed): Found {
  // HELPER_OFF reports a helper that the values switch off.
  if (release === undefined || deployment === undefined || release.config?.helper.enabled === false) return []
  const { namespace, fullname } = release
  const subject = `helper ${namespace}/${fullname}`
  if (deployment === null || deployment.wanted === 0) {
    return { id: 'HELPER_DOWN', subject, ...describeAbsence(deployment === null), command: applyAgain(release) }
  }
  const [first] = findCauses({
    namespace,
    pods: helperPods ?? [],
    status: undefined,
    configHash: undefined,
    ramChanged: false,
  })
  const isDown = deployment.available === 0
  // If an upgrade's new Pods never become ready, the old Pods keep running.
  const isStuck = first !== undefined || deployment.refusal !== undefined
  if (deployment.available >= deployment.wanted && !isStuck) return []
  return {
    id: isDown ? 'HELPER_DOWN' : 'HELPER_DEGRADED',
    severity: isDown ? 'error' : 'warning',
    subject,
    message:
      deployment.available >= deployment.wanted
        ? 'an upgrade is stuck: a new Pod does not become ready, and the old Pods keep running'
        : `${deployment.available} of ${pluralize(deployment.wanted, 'replica')} available`,
    ...explainNotReady(first?.error, deployment.refusal, namespace),
    command: shell`kubectl -n ${namespace} describe deployment,pods -l app.kubernetes.io/instance=${release.name}`,
  }
}

function explainNotReady(error: NopassError | undefined, refusal: string | undefined, namespace: string) {
  if (refusal !== undefined) {
    const cause = `The API server rejects its Pods: ${withoutSecrets(refusal)}`
    return { cause, fix: refusalFix(refusal, namespace) }
  }
  return {
    cause: error?.message ?? HELPER_NOT_READY,
    fix: error?.hint ?? 'Read the Events of its Pods.',
  }
}

function describeAbsence(isGone: boolean): Pick<Draft, 'message' | 'cause' | 'fix'> {
  return isGone
    ? {
        message: 'its Deployment does not exist',
        cause: 'The Deployment was deleted, or never created.',
        fix: 'Recreate it from the release, or install the release again.',
      }
    : {
        message: 'its Deployment is scaled to 0',
        cause: 'The Deployment was scaled down (or the values set `replicas: 0`).',
        fix: "Restore the release's number of replicas, but not with `kubectl scale`: the next upgrade by Helm 4 would then fail.",
      }
}

export function rightsFindings({ release, missingRights = [], excessRights = [] }: Observed): Found {
  if (release?.config === undefined) return []
  const { namespace, serviceAccount } = release.config.release
  const missing: Draft = {
    id: 'RIGHTS_MISSING',
    subject: `ServiceAccount ${namespace}/${serviceAccount}`,
    message: `the helper lacks ${pluralize(missingRights.length, 'right')}: it may not ${summarize(missingRights)}`,
    cause: 'A role or a binding of the release was deleted or changed, or the helper runs with another ServiceAccount.',
    fix: 'The rights are a part of the chart: recreate its roles and bindings from the release.',
    command: applyAgain(release),
  }
  const excess: Draft = {
    id: 'RIGHTS_WIDE',
    severity: 'warning',
    subject: `ServiceAccount ${namespace}/${serviceAccount}`,
    message: `the helper may do more than the chart allows it: ${summarize(excessRights)}`,
    cause:
      'A role of the release was widened, or another role is bound to its ServiceAccount or to all ServiceAccounts.',
    fix: 'Recreate the roles from the release. If the rights remain, remove the other binding; the helper needs none.',
    command: applyAgain(release),
  }
  return [...(missingRights.length === 0 ? [] : [missing]), ...(excessRights.length === 0 ? [] : [excess])]
}
