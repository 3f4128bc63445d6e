import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Writes the generated files that are not current. With `--check`, writes nothing and fails if
 * there are any.
 * @param fix the command that writes them
 */
export function writeGenerated(root: string, expected: Readonly<Record<string, string>>, fix: string): void {
  const check = process.argv.includes('--check')
  for (const [path, text] of Object.entries(expected)) {
    const file = join(root, path)
    if (readIfPresent(file) === text) continue
    process.stdout.write(`${check ? 'stale' : 'wrote'} ${path}\n`)
    if (check) {
      if (process.exitCode !== 1) process.stderr.write(`fix: ${fix}\n`)
      process.exitCode = 1
      continue
    }
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
