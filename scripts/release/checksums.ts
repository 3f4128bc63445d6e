import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const NAME = 'SHA256SUMS'

/** Writes SHA256SUMS of all files in a folder, in the format of `sha256sum --check`. */
export function writeChecksums(folder: string): void {
  const names = readdirSync(folder)
    .filter((name) => name !== NAME)
    .sort()
  const lines = names.map((name) => {
    const hash = createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex')
    return `${hash}  ${name}\n`
  })
  writeFileSync(join(folder, NAME), lines.join(''))
}
