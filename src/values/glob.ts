/**
 * Globs of namespaces and ServiceAccounts. Only `*` is special. The chart renders the same regular
 * expression for CEL in the Pod policy (chart/templates/_globs.tpl).
 */

/** `exclude` takes precedence. */
export interface GlobTarget {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
}

/** Returns one anchored regular expression for all globs. Without globs it matches nothing. */
export function globsToPattern(globs: readonly string[]): string {
  return `^(${globs.map((glob) => glob.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')).join('|')})$`
}

/** True if a target includes a name. */
export function matchesTarget(target: GlobTarget, name: string): boolean {
  return matchesGlobs(target.include, name) && !matchesGlobs(target.exclude, name)
}

/** True if one of the globs matches a name. */
export function matchesGlobs(globs: readonly string[], name: string): boolean {
  return globs.some((glob) => glob === name || (glob.includes('*') && new RegExp(globsToPattern([glob])).test(name)))
}
