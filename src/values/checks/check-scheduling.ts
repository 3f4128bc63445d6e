import { collision, refused, type ValuesError } from '../values-error.ts'
import {
  child,
  is,
  items,
  lookup,
  type MapNode,
  text,
  texts,
  type ValuePath,
  type YamlNode,
} from '../yaml/yaml-node.ts'

/** What the API server refuses in the rules for where the helper's Pods run. */
export function checkScheduling(values: MapNode): ValuesError[] {
  return [...spreads(values), ...affinities(values), ...tolerations(values)]
}

function spreads(values: MapNode): ValuesError[] {
  const seen = new Set<string>()
  return items(child(values, 'topologySpread')).flatMap((item, index) => {
    const [key, when] = [text(child(item, 'topologyKey')), text(child(item, 'whenUnsatisfiable'))]
    if (key === undefined || when === undefined) return []
    const path = ['topologySpread', index]
    const both = `${key} with ${when}`
    const twice = seen.has(both)
    seen.add(both)
    const message = `\`topologySpread\` has two constraints for ${both}`
    return [
      ...(twice ? [collision(item, path, message, 'Remove one of the two.')] : []),
      ...domains(item, path),
      // Kubernetes before 1.34 refuses a label that is selected by its value and by `matchLabelKeys`; after that it is without sense.
      ...alsoIn(item, [...path, 'matchLabelKeys'], 'labelSelector', selectedLabels(child(item, 'labelSelector'))),
    ]
  })
}

function domains(item: YamlNode, path: ValuePath): ValuesError[] {
  const least = child(item, 'minDomains')
  if (least === undefined || !is(child(item, 'whenUnsatisfiable'), 'ScheduleAnyway')) return []
  const message = '`minDomains` needs `whenUnsatisfiable: DoNotSchedule`'
  return [refused(least, [...path, 'minDomains'], message, 'Write that, or remove `minDomains`.')]
}

/** The chart's own selector, for a constraint without one. */
const OWN_SELECTOR: readonly string[] = ['app.kubernetes.io/name', 'app.kubernetes.io/instance']

function selectedLabels(selector: YamlNode | undefined): readonly string[] {
  if (selector === undefined) return OWN_SELECTOR
  const labels = child(selector, 'matchLabels')
  const expressions = items(child(selector, 'matchExpressions'))
  return [
    ...(labels?.kind === 'map' ? labels.entries.keys() : []),
    ...expressions.flatMap((one) => text(child(one, 'key')) ?? []),
  ]
}

/** A label that is to be equal and to differ in one term of an affinity. */
function affinities(values: MapNode): ValuesError[] {
  const twice = (term: YamlNode | undefined, path: ValuePath): ValuesError[] =>
    alsoIn(term, [...path, 'mismatchLabelKeys'], 'matchLabelKeys', texts(child(term, 'matchLabelKeys')))
  return ['podAffinity', 'podAntiAffinity'].flatMap((kind) => {
    const required = ['affinity', kind, 'requiredDuringSchedulingIgnoredDuringExecution']
    const preferred = ['affinity', kind, 'preferredDuringSchedulingIgnoredDuringExecution']
    return [
      ...items(lookup(values, required)).flatMap((term, index) => twice(term, [...required, index])),
      ...items(lookup(values, preferred)).flatMap((item, index) =>
        twice(child(item, 'podAffinityTerm'), [...preferred, index, 'podAffinityTerm']),
      ),
    ]
  })
}

/** Labels in the list at `path` that `other`, a key beside it, names too. */
function alsoIn(node: YamlNode | undefined, path: ValuePath, other: string, named: readonly string[]): ValuesError[] {
  const list = String(path.at(-1))
  return items(child(node, list)).flatMap((key, index) => {
    const label = text(key)
    if (label === undefined || !named.includes(label)) return []
    const message = `\`${list}\` names ${label}, which \`${other}\` has too`
    return [refused(key, [...path, index], message, 'Remove it in one of the two.')]
  })
}

function tolerations(values: MapNode): ValuesError[] {
  return items(child(values, 'tolerations')).flatMap((item, index) => {
    if (item.kind !== 'map') return []
    const errors: ValuesError[] = []
    const refuse = (node: YamlNode, key: string, message: string, hint: string): void =>
      void errors.push(refused(node, ['tolerations', index, key], message, hint))
    const [seconds, value] = [child(item, 'tolerationSeconds'), child(item, 'value')]
    const exists = is(child(item, 'operator'), 'Exists')
    if (seconds !== undefined && !is(seconds, null) && !is(child(item, 'effect'), 'NoExecute')) {
      const message = '`tolerationSeconds` needs `effect: NoExecute`'
      refuse(seconds, 'tolerationSeconds', message, 'Add the effect, or remove the seconds.')
    }
    if (exists && value !== undefined && (text(value) ?? '') !== '') {
      refuse(value, 'value', '`operator: Exists` has no `value`', 'Remove the value, or write `operator: Equal`.')
    }
    if (!exists && (text(child(item, 'key')) ?? '') === '') {
      const message = 'a toleration without `key` needs `operator: Exists`'
      refuse(item, 'key', message, 'Add the key of the taint, or the operator for all taints.')
    }
    return errors
  })
}
