import type { ProviderPaths } from './profiles.ts'

const FLAGS = { config: 'image-credential-provider-config', programs: 'image-credential-provider-bin-dir' } as const

/** The two flags as words. Both or neither: with one of them the kubelet does not start. */
export function flagWords({ config, programs }: ProviderPaths): readonly string[] {
  return [`--${FLAGS.config}=${config}`, `--${FLAGS.programs}=${programs}`]
}

/**
 * Returns the pairs of paths that a command line sets, in its order. The last pair is in effect,
 * because a flag that is given twice keeps its last value (spf13/pflag, `stringValue.Set`). A path
 * that has no partner makes a pair with an empty path.
 */
export function readPairs(words: readonly string[]): readonly ProviderPaths[] {
  const [configs, programs] = [valuesOf(words, FLAGS.config), valuesOf(words, FLAGS.programs)]
  const count = Math.max(configs.length, programs.length)
  return Array.from({ length: count }, (_, index) => ({
    config: configs[index] ?? '',
    programs: programs[index] ?? '',
  }))
}

/** Returns the names of all flags but the two for credential providers. */
export function otherFlags(words: readonly string[]): readonly string[] {
  const names = words.map((word) => parseFlag(word).name).filter((name) => name !== '')
  return [...new Set(names)].filter((name) => name !== FLAGS.config && name !== FLAGS.programs)
}

function valuesOf(words: readonly string[], name: string): readonly string[] {
  return words.flatMap((word, index) => {
    const flag = parseFlag(word)
    return flag.name === name ? [flag.value ?? words[index + 1] ?? ''] : []
  })
}

/** The kubelet takes `_` in a flag's name for `-` (k8s.io/component-base/cli/flag, flags.go). */
function parseFlag(word: string): { readonly name: string; readonly value: string | undefined } {
  const [, name = '', value] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? []
  return { name: name.replaceAll('_', '-'), value }
}

/** Splits the text of a unit, or of a variable in it, into words without their quotes. */
export function splitWords(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => !/^\s*[#;]/.test(line))
    .join('\n')
    .replaceAll(/\\\n/g, ' ')
    .replaceAll(/["']/g, ' ')
    .split(/\s+/)
    .flatMap((word) => {
      // The first flag of a variable: `KUBELET_EXTRA_ARGS=--flag`.
      const assigned = /^\w+=(--.*)$/.exec(word)
      return assigned === null ? [word] : [assigned[1] ?? '']
    })
    .filter((word) => word !== '')
}
