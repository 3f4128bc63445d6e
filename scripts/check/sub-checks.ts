import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureTools } from '../../tools/build/ensure-tools.ts'
import type { Progress } from '../../tools/progress.ts'
import { findPages } from '../generate-docs/pages.ts'
import { versionProblems } from '../release/check-version.ts'
import { findCitationProblems } from './citations.ts'
import { findCommandProblems } from './commands.ts'
import { findCommentProblems } from './comments.ts'
import { findImportProblems } from './import-rule.ts'
import { findPageProblems } from './pages.ts'
import { runProgram } from './run-program.ts'
import { translationGaps } from './translation.ts'

/** A part of `npm run check`. */
export interface SubCheck {
  readonly name: string
  /** Returns the problems as text. Empty if there are none. */
  readonly run: (signal: AbortSignal) => Promise<string>
  /** The problems of this sub-check are warnings. */
  readonly warns?: true
}

/** All sub-checks of the repository at `root`. */
export function listChecks(root: string, progress: Progress): SubCheck[] {
  const bin = (name: string) => join(root, 'node_modules', '.bin', name)
  const program = (name: string, command: string, args: readonly string[]): SubCheck => ({
    name,
    run: (signal) => runProgram(command, args, root, signal),
  })
  const script = (name: string, file: string) => program(name, process.execPath, [file, '--check'])
  return [
    program('types', bin('tsc'), ['--noEmit', '-p', '.']),
    program('lint and format', bin('biome'), ['ci', '--colors=off']),
    { name: 'dependency rule', run: async () => findImportProblems(readSources(root)).join('\n') },
    { name: 'commands', run: async () => findCommandProblems(readSources(root)).join('\n') },
    { name: 'comments', run: async () => findCommentProblems(readAll(root)).join('\n') },
    { name: 'citations', run: async () => citationProblems(root) },
    { name: 'pages', run: async () => pageProblems(root) },
    { name: 'translation', warns: true, run: async () => translationGaps(root).join('\n') },
    program('unused code', bin('knip'), ['--no-progress']),
    {
      name: 'lockfile',
      run: async () =>
        ['package-lock.json', 'site/package-lock.json']
          .flatMap((file) => lockfileProblems(readFileSync(join(root, file), 'utf8')).map((line) => `${file}: ${line}`))
          .join('\n'),
    },
    { name: 'one version', run: async () => versionProblems(root).join('\n') },
    { name: 'workflows', run: (signal) => lintWorkflows(root, progress, signal) },
    ...globSync('scripts/generate-*.ts', { cwd: root })
      .sort()
      .map((file) => script(`fresh: ${file}`, file)),
    ...globSync('scripts/build.ts', { cwd: root }).map((file) => script('committed bundle', file)),
  ]
}

/** Reads the files of the repository, also new ones, whose paths match. */
function readFiles(root: string, isRead: (file: string) => boolean): Map<string, string> {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard']
  const all = execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 }).split('\n')
  const files = [...new Set(all)].filter((file) => isRead(file) && existsSync(join(root, file))).sort()
  return new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]))
}

function readSources(root: string): Map<string, string> {
  return readFiles(root, (file) => /^(src|action|sandbox|tools)\/.*(?<!\.d)\.(ts|mjs)$/.test(file))
}

/** Sources and tests, except what is generated and what tests read as data. */
function readAll(root: string): Map<string, string> {
  return readFiles(root, (file) => {
    return (
      /^(src|action|sandbox|tools|scripts|test)\/.*\.(ts|mjs)$/.test(file) && !/\/(fixtures|generated)\//.test(file)
    )
  })
}

/** Everything that may cite the decisions, except pages in folders of their own. */
const CITING = /^(?!docs\/).*\.(ts|mjs|json|ya?ml|tpl|txt|md)$|\/(Containerfile|acr-nopass)$/

function citationProblems(root: string): string {
  const pages = findPages(root)
  const sources = readFiles(
    root,
    (file) => (CITING.test(file) && !file.startsWith('action/dist/')) || pages.includes(file),
  )
  const read = (file: string) => readFileSync(join(root, file), 'utf8')
  return findCitationProblems(sources, { en: read('docs/en/decisions.md'), zh: read('docs/zh/decisions.md') }).join(
    '\n',
  )
}

function pageProblems(root: string): string {
  const pages = new Map(findPages(root).map((page) => [page, readFileSync(join(root, page), 'utf8')]))
  return findPageProblems(pages, (path) => existsSync(join(root, path))).join('\n')
}

/** Reports registry hosts in the lockfile, and packages that no hash pins. */
export function lockfileProblems(text: string): string[] {
  const { packages } = JSON.parse(text) as {
    packages: Record<string, { resolved?: string; integrity?: string; link?: boolean }>
  }
  return Object.entries(packages).flatMap(([path, { resolved, integrity }]) => {
    if (path === '') return []
    if (resolved !== undefined)
      return [`${path}: has a download address (resolved); run npm install again, because .npmrc omits these`]
    return integrity === undefined ? [`${path}: has no hash (integrity); run npm install again`] : []
  })
}

async function lintWorkflows(root: string, progress: Progress, signal: AbortSignal): Promise<string> {
  const files = globSync(['.github/workflows/*.{yml,yaml}', 'examples/workflows/*.{yml,yaml}'], { cwd: root })
  if (files.length === 0) return 'no workflow was found'
  const { actionlint } = await ensureTools(['actionlint'], { progress, signal })
  return runProgram(actionlint, ['-no-color', '-shellcheck=', '-pyflakes=', ...files], root, signal)
}
