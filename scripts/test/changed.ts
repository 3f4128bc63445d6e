import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** Returns the files that differ from a commit, including untracked files. */
export function changedFiles(root: string, since: string): readonly string[] {
  const git = (...args: string[]): string[] =>
    execFileSync('git', ['-C', root, ...args], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean)
  return [...new Set([...git('diff', '--name-only', since), ...git('ls-files', '--others', '--exclude-standard')])]
}

/** Files that are not imported, but that the tests of an area read or start. */
const READ_BY: readonly (readonly [changed: RegExp, tests: RegExp])[] = [
  [/^(chart|schemas)\//, /^test\/(contract|cluster|quick-start)\//],
  [/^(docs|examples|README|CHANGELOG|CONTRIBUTING|ARCHITECTURE|SECURITY)/, /^test\/(scripts|contract|quick-start)\//],
  [/^(action|action\.yml|\.github)(\/|$)/, /^test\/(action|contract|quick-start)\//],
  [/^(package(-lock)?\.json|tsconfig\.json|tools\/)/, /^test\//],
]

/** Returns the test files that import a changed file, directly or indirectly, or that read it. */
export function affectedTests(root: string, tests: readonly string[], changed: readonly string[]): readonly string[] {
  const isChanged = new Set(changed)
  const affected = new Map<string, boolean>()
  const reaches = (file: string): boolean => {
    const known = affected.get(file)
    if (known !== undefined) return known
    affected.set(file, isChanged.has(file))
    const found = isChanged.has(file) || importsOf(root, file).some(reaches)
    affected.set(file, found)
    return found
  }
  const read = READ_BY.filter(([pattern]) => changed.some((file) => pattern.test(file))).map(([, pattern]) => pattern)
  return tests.filter((file) => read.some((pattern) => pattern.test(file)) || reaches(file))
}

function importsOf(root: string, file: string): readonly string[] {
  if (!/\.m?[tj]s$/.test(file) || !existsSync(join(root, file))) return []
  const text = readFileSync(join(root, file), 'utf8')
  // A test names the programs that it starts with `new URL()`.
  const found = text.matchAll(/(?:from|import|import\(|new URL\()\s*'(\.{1,2}\/[^']+)'/g)
  return [...found].map(([, target = '']) => normalize(join(dirname(file), target)))
}
