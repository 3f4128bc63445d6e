/** What one expression asks of one metric: its name as the helper writes it, and the labels it is selected and grouped by. */
export interface Asked {
  readonly metric: string
  /** Label to matcher, such as `state` to `="pending"`. */
  readonly matchers: Readonly<Record<string, string>>
  readonly groupedBy: readonly string[]
}

const SELECTOR = /\b([a-z_]+)\{([^}]*)\}/g

/** The selectors of an expression that are of our kind: a name with a list of matchers. A histogram's suffix is taken off. */
export function readPromql(expression: string): Asked[] {
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
