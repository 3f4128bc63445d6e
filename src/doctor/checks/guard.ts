import type { BindingSpec, BoundPolicy, MatchResources } from '../../installation/read-bound.ts'
import { clusterName } from '../../installation/release-evidence.ts'
import { shell, shellWords } from '../../lib/shell-command.ts'
import { summarize } from '../../lib/text.ts'
import type { Draft, Found } from '../finding.ts'
import { GUARDED } from '../guarded.ts'
import type { Observed } from '../observed.ts'
import { helperUser } from '../read/try-guard.ts'
import { applyAgain, replaceFromRelease } from './fix-commands.ts'

/**
 * P5: reports missing or changed policies of the guard, which limits the helper to its own Secret
 * and its own entry.
 */
export function guardFindings({ release, admission }: Observed): Found {
  if (release?.config === undefined || release.config.guard !== 'enabled' || admission === undefined) return []
  if (!admission.canGuard) {
    return {
      id: 'KUBERNETES_OLD',
      severity: 'warning',
      subject: 'guard',
      message: 'this API server does not serve ValidatingAdmissionPolicy v1',
      cause:
        'The guard needs Kubernetes 1.30; RBAC alone would allow the helper to create a Secret of another type with its name.',
      fix: 'Upgrade Kubernetes, or set `guard: disabled` after reading what protection you lose (docs/en/security.md).',
      command: shell`kubectl version`,
    }
  }
  const { bound, guard = [], accepted = [] } = admission
  const nameOf = (kind: string): string => `${clusterName(release)}.${kind}`
  const missing = bound === undefined ? [] : GUARDED.map(nameOf).filter((name) => !bound.includes(name))
  const user = helperUser(release.config)
  const changed = GUARDED.flatMap((kind) => {
    const name = nameOf(kind)
    const policy = guard.find((one) => one.name === name)
    // Without its policy every write is accepted. GUARD_MISSING already reports the missing policy.
    const passed = missing.includes(name) ? [] : accepted.filter((one) => one.kind === kind).map(({ what }) => what)
    const defects = [
      ...(policy === undefined ? [] : findDefects(policy, kind, user)),
      ...(passed.length === 0 ? [] : [`in a dry run it allowed the helper to change ${summarize(passed)}`]),
    ]
    return defects.length === 0 ? [] : [{ name, defects }]
  })
  const findings: Draft[] = []
  if (missing.length > 0) {
    findings.push({
      id: 'GUARD_MISSING',
      severity: 'warning',
      subject: `ValidatingAdmissionPolicy ${missing[0]}`,
      message: `missing, or without its binding: ${summarize(missing)}`,
      cause: '`guard: enabled` is set, but a policy or a binding of the guard was deleted.',
      fix: 'Recreate the guard from the release; until then RBAC alone limits the helper.',
      command: applyAgain(release),
    })
  }
  const [first] = changed
  if (first !== undefined) {
    const names = changed.map(({ name }) => name)
    findings.push({
      id: 'GUARD_INACTIVE',
      severity: 'warning',
      subject: `ValidatingAdmissionPolicy ${first.name}`,
      message: `changed, so that the policy does not limit the helper like the chart's policy: ${summarize(names)}`,
      cause: changed.map(({ name, defects }) => `${name}: ${defects.join('; ')}.`).join(' '),
      // `kubectl apply` over a changed policy would keep conditions that somebody added.
      fix: 'Delete the policy and its binding and apply them again from the release; until then RBAC alone limits the helper.',
      command: replaceFromRelease(
        release,
        shellWords`validatingadmissionpolicy,validatingadmissionpolicybinding`,
        names,
      ),
      objects: names,
    })
  }
  return findings
}

/**
 * Without this rule the helper could create a token of a ServiceAccount in a Secret named like the
 * pull secret.
 */
const TYPE_RULE = "has(object.type) && object.type == 'kubernetes.io/dockerconfigjson'"

/**
 * Lists how a policy and its bindings differ from the chart's in the fields that can switch a
 * policy off (chart/templates/_guard.tpl).
 */
function findDefects({ spec, bindings }: BoundPolicy, kind: string, user: string): readonly string[] {
  const { failurePolicy = 'Fail', matchConstraints = {}, matchConditions = [], validations = [] } = spec
  const others = matchConditions.filter(({ expression }) => expression !== `request.userInfo.username == '${user}'`)
  const effective = bindings.filter(({ validationActions = [] }) => validationActions.includes('Deny'))
  const actions = [...new Set(bindings.flatMap(({ validationActions = [] }) => validationActions))]
  return [
    ...(failurePolicy === 'Fail' ? [] : [`its failurePolicy is ${failurePolicy}`]),
    ...(others.length === 0 ? [] : [`it has the matchCondition \`${others[0]?.expression}\``]),
    ...(isWhole(matchConstraints, kind) ? [] : ['its matchConstraints leave writes out']),
    ...(kind !== 'secrets' || validations.some(({ expression }) => expression === TYPE_RULE)
      ? []
      : ['it has no rule about the type of a Secret']),
    ...(effective.length > 0 ? [] : [`its binding has the validationActions [${actions.join(', ')}], without Deny`]),
    ...(effective.length === 0 || effective.some(isEverywhere) ? [] : ['its binding does not match everything']),
  ]
}

function isEverywhere({ matchResources, paramRef }: BindingSpec): boolean {
  return paramRef === undefined && (matchResources === undefined || isUnlimited(matchResources))
}

function isUnlimited({ namespaceSelector, objectSelector, excludeResourceRules = [] }: MatchResources): boolean {
  const isOpen = (selector: MatchResources['namespaceSelector']): boolean =>
    Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0
  return isOpen(namespaceSelector) && isOpen(objectSelector) && excludeResourceRules.length === 0
}

function isWhole(constraints: MatchResources, kind: string): boolean {
  const { resourceRules = [] } = constraints
  return (
    isUnlimited(constraints) &&
    resourceRules.some(({ resources, operations, resourceNames = [] }) => {
      const all = operations.includes('*') || (operations.includes('CREATE') && operations.includes('UPDATE'))
      return all && resourceNames.length === 0 && (resources.includes(kind) || resources.includes('*'))
    })
  )
}
