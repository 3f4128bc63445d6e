import { isRepositoryGlob } from '../values/repository-glob.ts'

/** Splits a list of a flag or an answer at commas and spaces. */
export function splitList(text: string): readonly string[] {
  return [...new Set(text.split(/[\s,]+/).filter((word) => word !== ''))]
}

/** Returns what is wrong with a list of repositories; undefined if nothing is. */
export function repositoriesProblem(words: readonly string[]): string | undefined {
  if (words.length === 0) return 'name at least one repository, or * for all'
  const wrong = words.find((word) => !isRepositoryGlob(word))
  return wrong === undefined ? undefined : `"${wrong}" is not NAMESPACE/NAME, NAMESPACE/* or *`
}
