import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '../../src/lib/text.ts'

const NAME = 'SHA256SUMS'

/** Writes SHA256SUMS of all files in a folder, in the format of `sha256sum --check`. */
export function writeChecksums(folder: string): void {
  const names = readdirSync(folder)
    .filter((name) => name !== NAME)
    .sort()
  const lines = names.map((name) => `${sha256(readFileSync(join(folder, name)))}  ${name}\n`)
  writeFileSync(join(folder, NAME), lines.join(''))
}
