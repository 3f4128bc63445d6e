import { type TargetSet, targetsOverlap } from '../values/checks/check-domains.ts'
import type { ResolvedRegistry, ResolvedValues } from '../values/generated/resolved-values.ts'
import { familyOf, isLimited } from '../values/limited-entries.ts'
import type { LoadedValues } from '../values/load-values.ts'
import { ValuesError } from '../values/values-error.ts'
import { MAX_SESSION_POLICY, sessionPolicy } from './session-policy.ts'

/**
 * Finds limited entries whose session policy is longer than STS accepts. An entry that is too long
 * alone is an error. If only its union with all entries that can target the same namespace is too
 * long, the result is a warning, because such a namespace may not exist.
 */
export function checkSessionPolicies(values: ResolvedValues, positionOf: LoadedValues['positionOf']) {
  const errors: ValuesError[] = []
  const warnings: ValuesError[] = []
  const warned = new Set<string>()
  const limited = values.registries.flatMap((registry, index) =>
    isLimited(registry) ? [{ registry, index, targets: targetSetOf(values, registry) }] : [],
  )
  for (const { registry, index, targets } of limited) {
    const path = ['registries', index, 'repositories']
    const own = sessionPolicy(registry, registry.repositories).length
    if (own > MAX_SESSION_POLICY) {
      const message = `the \`repositories\` of ${registry.name} make a session policy of ${own} characters, and STS accepts ${MAX_SESSION_POLICY}`
      errors.push(new ValuesError('SESSION_POLICY_LONG', message, { at: positionOf(path), path }))
      continue
    }
    const meeting = limited.filter(
      (other) => familyOf(other.registry) === familyOf(registry) && targetsOverlap(other.targets, targets),
    )
    const union = sessionPolicy(
      registry,
      meeting.flatMap((other) => other.registry.repositories),
    )
    if (union.length <= MAX_SESSION_POLICY || warned.has(union)) continue
    warned.add(union)
    const others = `${registry.name} and ${meeting.length - 1} other limited entries can target the same namespace`
    const message = `${others}; their \`repositories\` would make a session policy of ${union.length} characters, and STS accepts ${MAX_SESSION_POLICY}`
    const hint = `${SHORTER} Or give the entries targets that do not overlap. This is a warning.`
    warnings.push(new ValuesError('SESSION_POLICY_LONG', message, { at: positionOf(path), path, hint }))
  }
  return { errors, warnings }
}

const SHORTER = 'Name a namespace with /* instead of single repositories.'

function targetSetOf(values: ResolvedValues, registry: ResolvedRegistry): TargetSet {
  const { include, exclude, selector } = { ...values.targets.namespaces, ...registry.targets?.namespaces }
  return { include, exclude, labels: selector.matchLabels ?? {} }
}
