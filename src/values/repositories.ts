import { matchesGlobs } from './glob.ts'

/**
 * Returns the normal form of a list of `registries[].repositories`: each glob once, without globs
 * that another glob covers, sorted. Lists with the same normal form match the same repositories. A
 * glob without `/` stands for all repositories of a namespace. RAM evaluates the list, so only a
 * glob in a form that RAM documents covers others.
 */
export function mergeRepositories(globs: readonly string[]): readonly string[] {
  const all = [...new Set(globs.map(normalGlob))].sort()
  return all.filter((glob) => !all.some((other) => other !== glob && coversGlob(other, glob)))
}

// True for a glob of all namespaces and names: it matches every repository of an instance.
export function isEveryRepository(glob: string): boolean {
  return /^\*+(\/\*+)?$/.test(glob)
}

/** True if the list includes a repository. */
export function includesRepository(globs: readonly string[], repository: string): boolean {
  return matchesGlobs(globs.map(normalGlob), repository)
}

// True for forms of a resource's path that Alibaba Cloud's own pages and policies document. These
// are literal text, `*` for a whole segment, and `*` at the end (`acs:oss:*:*:mybucket/*`,
// `acs:log:*:*:project/*/logstore/mse_*`). The meaning of `*` elsewhere, and whether `?` exists, is
// undocumented.
export function isDocumentedPath(path: string): boolean {
  const segments = path.replace(/\*$/, '').split('/')
  return segments.every((segment) => segment === '*' || !/[*?]/.test(segment))
}

function normalGlob(glob: string): string {
  const single = glob.replaceAll(/\*+/g, '*')
  return single === '*' || single.includes('/') ? single : `${single}/*`
}

// In the text of a glob, only a `*` matches a `*`.
const coversGlob = (glob: string, other: string): boolean => isDocumentedPath(glob) && matchesGlobs([glob], other)
