import { dirname, join, normalize } from 'node:path'

/**
 * The dependency rule: the areas that the files of an area may import, in addition to their own
 * area. An area is a folder of src/, or action/. Imports go one way: `errors` <- `lib` <-
 * `alibaba`, `kube`, `values`, `helm` <- `acr`, `policy`, `installation` <- `helper`, `rollout`,
 * `doctor`, `migrate`, `login`, `node`, `init` <- `fleet` <- `cli`, `action`. Folders of one level
 * do not import each other. `root` are the files directly in src/ (errors.ts, error-codes.ts and
 * its folder, version.ts). The folders next to src (`sandbox`, `tools`, `scripts`, `test`) may
 * import src, and src imports none of them. The linter checks that only main.ts uses `process`
 * (biome.json, noRestrictedGlobals).
 */
const ERRORS = ['root']
const GROUND = [...ERRORS, 'lib']
const CLIENTS = ['alibaba', 'kube', 'values', 'helm']
const DOMAIN = ['acr', 'policy', 'installation']
const ENGINES = ['helper', 'rollout', 'doctor', 'migrate', 'login', 'node', 'init']
const FLEET = ['fleet']
const FACES = ['cli', 'action']

function everyOf(areas: readonly string[], allowed: readonly string[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(areas.map((area) => [area, allowed]))
}

export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  root: ERRORS,
  lib: ERRORS,
  ...everyOf(CLIENTS, GROUND),
  ...everyOf(DOMAIN, [...GROUND, ...CLIENTS]),
  ...everyOf(ENGINES, [...GROUND, ...CLIENTS, ...DOMAIN]),
  ...everyOf(FLEET, [...GROUND, ...CLIENTS, ...DOMAIN, ...ENGINES]),
  ...everyOf(FACES, [...GROUND, ...CLIENTS, ...DOMAIN, ...ENGINES, ...FLEET]),
  tools: [...GROUND, 'kube'],
  sandbox: [...GROUND, ...CLIENTS, ...DOMAIN, ...ENGINES, 'cli', 'tools'],
}

/** Data files that every area may import. */
const DATA = /^(schemas\/|chart\/values\.schema\.json$|package\.json$)/

/**
 * Returns the area of a file: its folder in src/, `root` for files directly in src/ and the error
 * codes, and otherwise its first folder.
 */
export function areaOf(file: string): string {
  const [first = '', second = '', ...rest] = file.split('/')
  if (first !== 'src') return first
  return rest.length === 0 || second === 'error-codes' ? 'root' : second
}

/**
 * Returns the targets of all imports in a source text (also of types and `import()`). Our own files
 * are relative to the root; packages are returned by name.
 */
export function readImports(file: string, source: string): string[] {
  const text = withoutComments(source)
  const resolve = (specifier: string) =>
    specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier
  const fixed = text.matchAll(/^[ \t]*(?:import|export)\s(?:[^'"`;=]*?\sfrom\s*)?['"]([^'"\n]+)['"]/gm)
  const later = text.matchAll(/\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/g)
  return [...fixed, ...later].map(([, specifier = '']) => resolve(specifier))
}

/**
 * Returns one line for each import that violates the rule, each cycle between files, and each cycle
 * of folders.
 */
export function findImportProblems(sources: ReadonlyMap<string, string>): string[] {
  const graph = new Map([...sources].map(([file, source]) => [file, readImports(file, source)]))
  const problems: string[] = []
  for (const [file, targets] of graph) {
    const area = areaOf(file)
    const allowed = MAY_IMPORT[area]
    if (!allowed) {
      problems.push(
        `${file}: '${area}' is not a known area; add it to MAY_IMPORT in scripts/check/import-rule.ts and to ARCHITECTURE.md`,
      )
      continue
    }
    for (const target of targets) {
      if (!isOurs(target) || DATA.test(target)) continue
      const other = areaOf(target)
      if (other !== area && !allowed.includes(other))
        problems.push(`${file}: ${area} must not import ${other} (${target})`)
    }
  }
  const circles = findCircles(graph).map((circle) => `circle of files ${circle.join(', ')}`)
  return [...problems, ...findFolderCircles(graph), ...circles]
}

function isOurs(target: string): boolean {
  return /^(\.\.\/|(src|action|sandbox|test|scripts|tools|schemas|chart|bin|package\.json)(\/|$))/.test(target)
}

/**
 * Finds groups of folders in which each folder imports all others, directly or indirectly. Returns
 * one import per pair of the group. A folder and a folder inside it do not count, because the outer
 * folder contains their shared parts or combines them.
 */
function findFolderCircles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const folders = new Map<string, Map<string, string>>()
  for (const [file, targets] of graph) {
    for (const target of targets.filter((one) => graph.has(one))) {
      const [from, to] = [dirname(file), dirname(target)]
      if (`${from}/`.startsWith(`${to}/`) || `${to}/`.startsWith(`${from}/`)) continue
      const imports = folders.get(from) ?? new Map<string, string>()
      if (!imports.has(to)) imports.set(to, `${file} imports ${target}`)
      folders.set(from, imports)
    }
  }
  const circles = findCircles(new Map([...folders].map(([folder, imports]) => [folder, [...imports.keys()]])))
  return circles.map((circle) => {
    const examples = circle.flatMap((from) =>
      [...(folders.get(from) ?? [])].flatMap(([to, example]) => (circle.includes(to) ? [example] : [])),
    )
    return `circle of folders ${circle.join(', ')}: ${examples.join(', ')}`
  })
}

/** Returns the groups of which each member reaches itself and all others, each group sorted. */
function findCircles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const reached = new Map<string, ReadonlySet<string>>()
  for (const start of graph.keys()) {
    const seen = new Set<string>()
    const open = [start]
    for (let one = open.pop(); one !== undefined; one = open.pop()) {
      for (const next of graph.get(one) ?? []) {
        if (!seen.has(next)) open.push(next)
        seen.add(next)
      }
    }
    reached.set(start, seen)
  }
  return [...graph.keys()].sort().flatMap((one) => {
    const circle = [...(reached.get(one) ?? [])].filter((other) => reached.get(other)?.has(one)).sort()
    return circle[0] === one ? [circle] : []
  })
}

/**
 * Removes comments, because an import() in a comment does not count. Keeps strings and templates.
 */
function withoutComments(source: string): string {
  const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g
  return source.replaceAll(token, (text) => (text.startsWith('/') ? '' : text))
}
