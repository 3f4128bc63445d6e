/**
 * Globs of namespaces and ServiceAccounts: `*` stands for any characters, also none; everything else for itself. The
 * chart writes the same expression into the Pod policy (chart/templates/_globs.tpl), where CEL reads it.
 */

/** What a target names; `exclude` wins. */
export interface GlobTarget {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
}

/** One anchored regular expression for all globs; for no globs one that fits no name. */
export function globsToPattern(globs: readonly string[]): string {
  return `^(${globs.map((glob) => glob.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')).join('|')})$`
}

/** Whether a name fits a target. */
export function matchesTarget(target: GlobTarget, name: string): boolean {
  return matchesGlobs(target.include, name) && !matchesGlobs(target.exclude, name)
}

/** Whether a name fits one of the globs. */
export function matchesGlobs(globs: readonly string[], name: string): boolean {
  return globs.some((glob) => glob === name || (glob.includes('*') && new RegExp(globsToPattern([glob])).test(name)))
}
