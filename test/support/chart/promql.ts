/**
 * A selector of a PromQL expression: the name of the metric, and the labels by which it is selected
 * and grouped.
 */
export interface MetricSelector {
  readonly metric: string
  /** Matchers by label, such as `="pending"` for `state`. */
  readonly matchers: Readonly<Record<string, string>>
  readonly groupedBy: readonly string[]
}

const SELECTOR = /\b([a-z_]+)\{([^}]*)\}/g

/**
 * Reads the selectors that consist of a name and a list of matchers, without a histogram's suffix.
 */
export function readPromql(expression: string): MetricSelector[] {
  const groupedBy = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => split(list))
  return [...expression.matchAll(SELECTOR)].map(([, metric = '', matchers = '']) => ({
    metric: metric.replace(/_bucket$/, ''),
    matchers: Object.fromEntries(
      split(matchers).map((matcher) => {
        const at = matcher.search(/[=!]/)
        return [matcher.slice(0, at), matcher.slice(at)]
      }),
    ),
    groupedBy,
  }))
}

function split(list: string): string[] {
  return list
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
}
