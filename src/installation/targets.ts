import type { HelperConfig } from '../values/generated/helper-config.ts'
import type { ResolvedLabelExpression, ResolvedLabelSelector } from '../values/generated/resolved-values.ts'
import { globsToPattern } from '../values/glob.ts'
import type { NamespaceView } from './object-views.ts'

interface TargetConfig extends Pick<HelperConfig, 'targets' | 'retire'> {
  readonly registries: readonly Pick<HelperConfig['registries'][number], 'name' | 'targets'>[]
  readonly release: Pick<HelperConfig['release'], 'namespace'>
}

export type Targets = ReturnType<typeof createTargets>

/** Decides which namespaces get which registries, and which ServiceAccounts get the reference. */
export function createTargets(config: TargetConfig) {
  const all = config.registries.map(({ name }) => name)
  const rules = config.registries.map((registry) => {
    // A registry's own keys override the global keys, key by key.
    const merged = { ...config.targets.namespaces, ...registry.targets?.namespaces }
    return { name: registry.name, ...merged, matches: createNameMatcher(merged) }
  })
  const accounts = createNameMatcher(config.targets.serviceAccounts)
  const { include } = config.targets.serviceAccounts
  const hasGlob = include.some((glob) => glob.includes('*'))
  const groups = new Map<string, readonly string[]>()
  const shared = (names: readonly string[]): readonly string[] => {
    const key = names.join(',')
    const known = groups.get(key) ?? names
    groups.set(key, known)
    return known
  }
  const named = (namespace: NamespaceView) =>
    rules.filter((rule) => rule.matches(namespace.name) && matchesSelector(rule.selector, namespace.labels))
  const choose = (namespace: NamespaceView): string[] =>
    config.retire || namespace.optedOut ? [] : named(namespace).map(({ name }) => name)
  // A view is immutable, and each view is queried several times in a rotation.
  const known = new WeakMap<NamespaceView, readonly string[]>()
  const chosen = (namespace: NamespaceView): readonly string[] => {
    const found = known.get(namespace) ?? shared(choose(namespace))
    known.set(namespace, found)
    return found
  }
  return {
    /**
     * Returns names in the configuration's order. The helper's own namespace always gets all
     * registries (docs/en/decisions.md#own-copy).
     */
    registriesOf: (namespace: NamespaceView): readonly string[] =>
      namespace.name === config.release.namespace && !config.retire ? shared(all) : chosen(namespace),
    /** Returns names in the configuration's order, also for the helper's own namespace. */
    targeting: chosen,
    includes: (namespace: NamespaceView): boolean => chosen(namespace).length > 0,
    /**
     * True if the configuration matches the namespace, even if the namespace is opted out or
     * everything is retired.
     */
    names: (namespace: NamespaceView): boolean => named(namespace).length > 0,
    takesServiceAccount: accounts,
    /**
     * True if the chart gives the helper the right to change this namespace. If all namespaces are
     * listed by name, only these can be changed.
     */
    mayChange: (name: string): boolean => hasGlob || include.includes(name),
    /**
     * Returns the different lists of registries that these namespaces get by the configuration's
     * targets. The helper's own namespace gets all registries, but counts like any other namespace.
     */
    listsOf: (namespaces: Iterable<NamespaceView>): ReadonlySet<readonly string[]> =>
      new Set([...namespaces].map(chosen)),
    /** Labels of namespaces that a selector reads. */
    namespaceLabels: new Set(rules.flatMap(({ selector }) => selectorKeys(selector))),
    /** For the scope `namespaces`: the listed names. */
    listedNamespaces: [...new Set(rules.flatMap(({ include, matches }) => include.filter(matches)))].sort(),
  }
}

function createNameMatcher(target: {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
}): (name: string) => boolean {
  const include = new RegExp(globsToPattern(target.include))
  const exclude = target.exclude.length === 0 ? undefined : new RegExp(globsToPattern(target.exclude))
  return (name) => include.test(name) && !exclude?.test(name)
}

/**
 * True if labels match a selector by Kubernetes' rules: all parts must match, and `NotIn` matches
 * if the label is absent.
 */
function matchesSelector(selector: ResolvedLabelSelector, labels: Readonly<Record<string, string>>): boolean {
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
    (selector.matchExpressions ?? []).every((expression) => holds(expression, labels[expression.key]))
  )
}

function selectorKeys(selector: ResolvedLabelSelector): readonly string[] {
  return [...Object.keys(selector.matchLabels ?? {}), ...(selector.matchExpressions ?? []).map(({ key }) => key)]
}

function holds({ operator, values = [] }: ResolvedLabelExpression, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
  }
}
