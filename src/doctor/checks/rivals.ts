import type { ReleaseFacts } from '../../installation/find-release.ts'
import { createTargets } from '../../installation/targets.ts'
import { keyOf } from '../../kube/types.ts'
import { shell } from '../../lib/shell-command.ts'
import { pluralize, summarize } from '../../lib/text.ts'
import type { Draft } from '../finding.ts'
import type { Observed } from '../observed.ts'

/** Reports other tools and releases that do the same work. */
export function rivalFindings({ others, addons, release, namespaces }: Observed): readonly Draft[] {
  const all = others.filter((other) => release !== undefined && mayConflict(release, other, namespaces))
  const conflicting = all.filter(({ evidence }) => evidence === 'proven')
  const unproven = all.filter(({ evidence }) => evidence !== 'proven')
  const names = conflicting.map(keyOf)
  const findings: Draft[] = []
  if (names.length > 0) {
    findings.push({
      id: 'RIVAL_RELEASE',
      severity: 'warning',
      subject: pluralize(names.length, 'other release'),
      message: `acr-nopass is also installed here as ${summarize(names)}`,
      cause: 'Two releases with one secretName and the same namespaces write the same objects.',
      fix: 'Uninstall one of them, or give them different targets or a different secretName.',
      command: shell`acr-nopass doctor --namespace ${conflicting[0]?.namespace} --release ${conflicting[0]?.name}`,
    })
  }
  if (unproven.length > 0) {
    findings.push({
      id: 'RIVAL_RELEASE',
      severity: 'info',
      // Without the right to read the object that proves the release, doctor cannot know whether
      // the release writes the same Secrets.
      ...(unproven.some(({ evidence }) => evidence === 'unknown') && { health: 'unknown' }),
      subject: pluralize(unproven.length, 'unverified release'),
      message: `ConfigMaps have the labels of ${summarize(unproven.map(keyOf))}, but may not belong to a release of acr-nopass`,
      cause: `Anyone who may create ConfigMaps may set these labels; ${unproven[0]?.why}.`,
      fix: 'If this is your release (`scope: namespaces` without the guard), give it other targets or another secretName. Otherwise delete the ConfigMaps.',
      command: shell`kubectl get configmaps --namespace ${unproven[0]?.namespace} -l app.kubernetes.io/name=acr-nopass`,
    })
  }
  for (const addon of addons) {
    findings.push({
      id: 'RIVAL_ADDON',
      severity: 'warning',
      subject: `add-on ${addon}`,
      message: "the vendor's credential helper is also installed here",
      cause:
        'The add-on and acr-nopass write imagePullSecrets of the same ServiceAccounts; older versions of the add-on overwrite the list.',
      fix:
        release === undefined
          ? 'Uninstall the add-on when acr-nopass is installed.'
          : 'Keep the add-on until nothing depends on its Secrets: the command lists what still does, and removes nothing. Then uninstall the add-on in the ACK console.',
      command: shell`acr-nopass cleanup --legacy`,
    })
  }
  return findings
}

/**
 * True if the two releases may write the same Secret: the names are equal, and the releases target
 * a common namespace. Another release without a readable configuration may always conflict. If our
 * own configuration cannot be read, nothing is compared, because another finding reports that.
 */
function mayConflict(one: ReleaseFacts, other: ReleaseFacts, namespaces: Observed['namespaces']): boolean {
  if (one.config === undefined) return false
  if (other.config === undefined || namespaces === undefined) return true
  if (one.config.secretName !== other.config.secretName) return false
  const [mine, theirs] = [createTargets(one.config), createTargets(other.config)]
  return namespaces.some((namespace) => mine.includes(namespace) && theirs.includes(namespace))
}
