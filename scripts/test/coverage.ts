import { globSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join, relative } from 'node:path'
import { run } from 'node:test'
import { fileURLToPath } from 'node:url'

/** Percent, one decimal. */
export interface Coverage {
  readonly lines: number
  readonly branches: number
  /** Files of src/ that no test loaded. Their lines count as not covered. */
  readonly untouched: readonly string[]
}

interface Totals {
  readonly lines: number
  readonly coveredLines: number
  readonly branches: number
  readonly coveredBranches: number
}

/**
 * Measures the coverage of src/ over all suites, from the files that V8 wrote into `folder`
 * (NODE_V8_COVERAGE of the test processes and their children). Node's own runner merges the files:
 * it runs once more, with a single "test" that passes on the collected files.
 */
export async function measureCoverage(root: string, folder: string): Promise<Coverage> {
  const collector = fileURLToPath(new URL('collect-coverage.ts', import.meta.url))
  const stream = run({
    files: [collector],
    cwd: root,
    coverage: true,
    coverageIncludeGlobs: ['src/**/*.ts'],
    // The runner creates its own folder. Our folder must not also receive its output.
    env: { PATH: process.env.PATH, ACR_NOPASS_COVERAGE: folder },
  })
  let totals: Totals = { lines: 0, coveredLines: 0, branches: 0, coveredBranches: 0 }
  const loaded = new Set<string>()
  stream.on('test:coverage', ({ summary }) => {
    for (const file of summary.files) loaded.add(relative(root, file.path))
    totals = {
      lines: summary.totals.totalLineCount,
      coveredLines: summary.totals.coveredLineCount,
      branches: summary.totals.totalBranchCount,
      coveredBranches: summary.totals.coveredBranchCount,
    }
  })
  for await (const _ of stream);
  const untouched = globSync('src/**/*.ts', { cwd: root }).filter((file) => !loaded.has(file))
  return summarize(
    totals,
    untouched.map((file) => ({ file, lines: codeLines(readFileSync(join(root, file), 'utf8')) })),
  )
}

/** Adds the files that no test loaded to the measured files. */
export function summarize(totals: Totals, untouched: readonly { file: string; lines: number }[]): Coverage {
  const withCode = untouched.filter(({ lines }) => lines > 0)
  const missed = withCode.reduce((sum, { lines }) => sum + lines, 0)
  return {
    lines: percent(totals.coveredLines, totals.lines + missed),
    branches: percent(totals.coveredBranches, totals.branches),
    untouched: withCode.map(({ file }) => file).sort(),
  }
}

/** Counts the lines of a file that remain at run time. 0 if the file contains only types. */
export function codeLines(source: string): number {
  const code = stripTypeScriptTypes(source)
    .replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    .replaceAll(/^\s*(import\b[\s\S]*?['"];?|export\s*\{\s*\};?)\s*$/gm, '')
  return code.split('\n').some((line) => line.trim() !== '') ? source.split('\n').length : 0
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.floor((part / whole) * 1000) / 10
}
