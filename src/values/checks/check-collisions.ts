import lists from '../../../schemas/chart-lists.json' with { type: 'json' }
import type { Cursor } from '../cursor.ts'
import { quotable } from '../looks-secret.ts'
import type { ValuesError } from '../values-error.ts'

/** Finds keys and names that are reserved for acr-nopass or another program. */
export function checkCollisions(values: Cursor): ValuesError[] {
  return [
    ...forbiddenKeys(values.at('secretLabels'), (label) => ownLabel(label, lists.labelsOfSecrets)),
    ...lists.keysOfLabels.flatMap((path) =>
      forbiddenKeys(values.at(...path.split('.')), (label) => ownLabel(label, OBJECT_LABELS)),
    ),
    ...forbiddenKeys(values.at('commonLabels'), sharesRights),
    ...reservedNames(values),
    ...forbiddenKeys(values.at('podAnnotations'), (name) => makesHook(name) ?? weakensPod(name)),
    ...forbiddenKeys(values.at('deploymentAnnotations'), makesHook),
  ]
}

type Verdict = { readonly what: string; readonly why: string; readonly hint: string } | undefined

/** Returns an error for each label or annotation that is not allowed in a map. */
function forbiddenKeys(map: Cursor, judge: (key: string) => Verdict): ValuesError[] {
  return map.members.flatMap((member) => {
    const verdict = judge(member.key)
    if (verdict === undefined) return []
    const message = `the ${verdict.what} \`${quotable(member.key)}\` in \`${map.name}\` ${verdict.why}`
    return [member.collision(message, verdict.hint, member.keyPosition)]
  })
}

/**
 * The labels that the chart sets on each object (chart/templates/_labels.tpl). A user's label of
 * the same name would be a duplicate key.
 */
const OBJECT_LABELS: readonly string[] = [
  ...lists.labelsOfSecrets,
  'app.kubernetes.io/name',
  'app.kubernetes.io/version',
  'helm.sh/chart',
]

function ownLabel(label: string, own: readonly string[]): Verdict {
  if (!label.startsWith('acr-nopass.io/') && !own.includes(label)) return undefined
  return { what: 'label', why: 'is set by acr-nopass itself', hint: 'Remove the label.' }
}

/** Refuses a label that adds the rules of our ClusterRoles to a role of users. */
function sharesRights(label: string): Verdict {
  if (!label.includes('/aggregate-to-')) return undefined
  const why = "would give the helper's rights, including those on pull secrets, to everyone with that role"
  return { what: 'label', why, hint: 'Remove the label.' }
}

function makesHook(name: string): Verdict {
  if (!name.startsWith('helm.sh/hook')) return undefined
  return { what: 'annotation', why: 'would make the helper a hook, which Helm does not keep', hint: 'Remove it.' }
}

/** Refuses an annotation that replaces a security default, or gives the Pod another identity. */
function weakensPod(name: string): Verdict {
  if (/^(container\.apparmor|container\.seccomp|seccomp)\.security\./.test(name)) {
    const hint = 'Remove it; `podSecurityContext` has what can be changed.'
    return { what: 'annotation', why: 'would replace a security default of the Pod', hint }
  }
  if (name !== 'k8s.aliyun.com/eci-ram-role-name') return undefined
  const hint = 'Use `identity.workerRole.eciRoleName`.'
  return { what: 'annotation', why: 'would give the helper another identity', hint }
}

/**
 * Finds names of ServiceAccounts that exist already: every namespace has `default`, and Alibaba's
 * credential helper uses the others.
 */
function reservedNames(values: Cursor): ValuesError[] {
  return [values.at('fullnameOverride'), values.at('serviceAccount', 'name')].flatMap((given) => {
    if (!lists.reservedNames.includes(given.text ?? '')) return []
    const message = `\`${given.name}\` is ${given.text}, which is the name of something else`
    return [given.collision(message, 'Choose another name.')]
  })
}
