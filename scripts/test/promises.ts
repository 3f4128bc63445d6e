const COUNT = 16

/** Tests that passed, with their file. */
export interface Proof {
  readonly file: string
  readonly passed: readonly string[]
}

/**
 * Returns a row for each promise P1 to P16: the files with a passed test whose name begins with the
 * promise's number. `missing` has the promises without one.
 */
export function listPromises(proofs: readonly Proof[]): {
  readonly rows: readonly string[]
  readonly missing: string[]
} {
  const missing: string[] = []
  const rows = Array.from({ length: COUNT }, (_, index) => {
    const promise = `P${index + 1}`
    const isAbout = (name: string) => name.split(' › ').some((part) => part.startsWith(`${promise} `))
    const files = proofs.filter(({ passed }) => passed.some(isAbout)).map(({ file }) => file)
    if (files.length === 0) missing.push(promise)
    const short = [...new Set(files)].map((file) => file.replace(/^test\//, '').replace(/\.test\.ts$/, ''))
    return `${promise.padEnd(3)} ${short.join(' ') || '✖ no test'}`
  })
  return { rows, missing }
}
