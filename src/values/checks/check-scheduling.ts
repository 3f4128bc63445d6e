import { type Cursor, repeated } from '../cursor.ts'
import type { ValuesError } from '../values-error.ts'

/** What the API server refuses in the rules for where the helper's Pods run. */
export function checkScheduling(values: Cursor): ValuesError[] {
  return [
    ...spreads(values.at('topologySpread').items),
    ...affinities(values.at('affinity')),
    ...values.at('tolerations').items.flatMap(checkToleration),
  ]
}

function spreads(constraints: readonly Cursor[]): ValuesError[] {
  const whole = constraints.filter((item) => item.at('topologyKey').text && item.at('whenUnsatisfiable').text)
  const again = repeated(whole, (item) => `${item.at('topologyKey').text} with ${item.at('whenUnsatisfiable').text}`)
  return whole.flatMap((item) => {
    const both = `${item.at('topologyKey').shown} with ${item.at('whenUnsatisfiable').shown}`
    const message = `\`topologySpread\` has two constraints for ${both}`
    return [
      ...(again.includes(item) ? [item.at('topologyKey').collision(message, 'Remove one of the two.')] : []),
      ...domains(item),
      // Kubernetes before 1.34 refuses a label that is selected by its value and by `matchLabelKeys`; after that it is without sense.
      ...alsoIn(item.at('matchLabelKeys'), 'labelSelector', selectedLabels(item.at('labelSelector'))),
    ]
  })
}

function domains(item: Cursor): ValuesError[] {
  const least = item.at('minDomains')
  if (least.node === undefined || item.at('whenUnsatisfiable').value !== 'ScheduleAnyway') return []
  const message = '`minDomains` needs `whenUnsatisfiable: DoNotSchedule`'
  return [least.refused(message, 'Write that, or remove `minDomains`.')]
}

/** The chart's own selector, for a constraint without one. */
const OWN_SELECTOR: readonly string[] = ['app.kubernetes.io/name', 'app.kubernetes.io/instance']

function selectedLabels(selector: Cursor): readonly string[] {
  if (selector.node === undefined) return OWN_SELECTOR
  return [
    ...selector.at('matchLabels').members.map(({ key }) => key),
    ...selector.at('matchExpressions').items.flatMap((one) => one.at('key').text ?? []),
  ]
}

/** A label that is to be equal and to differ in one term of an affinity. */
function affinities(affinity: Cursor): ValuesError[] {
  const terms = ['podAffinity', 'podAntiAffinity'].flatMap((kind) => [
    ...affinity.at(kind, 'requiredDuringSchedulingIgnoredDuringExecution').items,
    ...affinity
      .at(kind, 'preferredDuringSchedulingIgnoredDuringExecution')
      .items.map((item) => item.at('podAffinityTerm')),
  ])
  return terms.flatMap((term) =>
    alsoIn(term.at('mismatchLabelKeys'), 'matchLabelKeys', term.at('matchLabelKeys').texts),
  )
}

/** Labels in a list that `other`, a key beside it, names too. */
function alsoIn(list: Cursor, other: string, named: readonly string[]): ValuesError[] {
  return list.items.flatMap((label) => {
    if (label.text === undefined || !named.includes(label.text)) return []
    const message = `\`${list.key}\` names ${label.shown}, which \`${other}\` has too`
    return [label.refused(message, 'Remove it in one of the two.')]
  })
}

function checkToleration(item: Cursor): ValuesError[] {
  if (!item.isMap) return []
  const errors: ValuesError[] = []
  const [seconds, value, key] = [item.at('tolerationSeconds'), item.at('value'), item.at('key')]
  const exists = item.at('operator').value === 'Exists'
  if (seconds.node !== undefined && seconds.value !== null && item.at('effect').value !== 'NoExecute') {
    const message = '`tolerationSeconds` needs `effect: NoExecute`'
    errors.push(seconds.refused(message, 'Add the effect, or remove the seconds.'))
  }
  if (exists && value.text) {
    errors.push(value.refused('`operator: Exists` has no `value`', 'Remove the value, or write `operator: Equal`.'))
  }
  if (!exists && !key.text) {
    const message = 'a toleration without `key` needs `operator: Exists`'
    errors.push(key.refused(message, 'Add the key of the taint, or the operator for all taints.'))
  }
  return errors
}
