// A checker for Stryker that accepts only a seeded sample of the mutants, because Stryker itself
// has no samples.
import { createHash } from 'node:crypto'
import { type CheckResult, CheckStatus } from '@stryker-mutator/api/check'
import type { Mutant, StrykerOptions } from '@stryker-mutator/api/core'
import { commonTokens, declareClassPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin'

type Drawable = Pick<Mutant, 'fileName' | 'location' | 'replacement'>

interface Draw {
  readonly seed: number
  /** From 0 to 1. */
  readonly share: number
}

/**
 * True if a mutant belongs to the sample. This depends only on the mutant and the seed, so a run
 * can be repeated.
 */
export function isDrawn({ fileName, location, replacement }: Drawable, { seed, share }: Draw): boolean {
  const file = fileName.replace(/^.*\/(?=src\/)/, '')
  const hash = createHash('sha256')
    .update([seed, file, JSON.stringify(location), replacement].join('\n'))
    .digest()
  return hash.readUInt32BE() < share * 2 ** 32
}

class SampleChecker {
  static inject = tokens(commonTokens.options)
  readonly #draw: Draw

  constructor(options: StrykerOptions) {
    this.#draw = options.sample as Draw
  }

  async init(): Promise<void> {}

  async check(mutants: Mutant[]): Promise<Record<string, CheckResult>> {
    return Object.fromEntries(mutants.map((mutant) => [mutant.id, this.#judge(mutant)]))
  }

  #judge(mutant: Mutant): CheckResult {
    return isDrawn(mutant, this.#draw)
      ? { status: CheckStatus.Passed }
      : { status: CheckStatus.CompileError, reason: 'not drawn' }
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Checker, 'sample', SampleChecker)]
