import { NopassError } from '../../errors.ts'
import { readVariable } from './environment-file.ts'
import { readPairs, splitWords } from './kubelet-flags.ts'
import type { ObservedNode } from './observed-node.ts'
import { type FlagsProfile, OUR_PATHS, type ProviderPaths, RANCHER_PATHS } from './profiles.ts'

/**
 * Returns the configuration of another credential provider (Amazon's, JFrog's) that the kubelet's
 * flags name. Undefined if there is none.
 * @throws NODE_PROVIDERS if the places disagree, because a kubelet has one configuration
 */
export function findExisting(
  { flagFile, units, commandLine }: ObservedNode,
  { variable }: FlagsProfile,
): ProviderPaths | undefined {
  const texts = units.filter(({ path }) => path !== flagFile?.path).map(({ text }) => text)
  const inFile = flagFile && readVariable(flagFile.text, variable, flagFile.path)
  const places = [
    splitWords(inFile ?? ''),
    ...texts.map(splitWords),
    ...(commandLine === undefined ? [] : [commandLine]),
  ]
  const found = places.flatMap((words) => readPairs(words).filter((pair) => !isSame(pair, OUR_PATHS)))
  const [first, ...others] = found
  const other = others.find((pair) => first !== undefined && !isSame(pair, first))
  if (first === undefined) return undefined
  const where = (pair: ProviderPaths): string => `${pair.config || 'no file'} with ${pair.programs || 'no folder'}`
  if (other !== undefined) throw refuse(`of the kubelet differ: ${where(first)}, and ${where(other)}`)
  const unusual = [first.config, first.programs].find((path) => path !== '' && !/^\/[\w./@+-]+$/.test(path))
  if (unusual !== undefined) throw refuse(`of the kubelet name an unusual path: ${unusual}`)
  if (first.config === '' || first.programs === '') throw refuse(`of the kubelet are incomplete: ${where(first)}`)
  return first
}

/**
 * Checks that k3s or RKE2 reads the default folder.
 * @throws NODE_PROVIDERS if a setting names another folder
 */
export function checkDefaultFolder({ settings }: ObservedNode): void {
  const setting = /image-credential-provider-(config|bin-dir)["']?\s*[=:\s]\s*["']?([^\s"',]+)/g
  for (const { path, text } of settings) {
    const lines = text.split('\n').filter((line) => !/^\s*#/.test(line))
    for (const [, key = '', value = ''] of lines.join('\n').matchAll(setting)) {
      const expected = key === 'config' ? RANCHER_PATHS.config : RANCHER_PATHS.programs
      if (value === expected) continue
      throw new NopassError('NODE_PROVIDERS', `another folder for credential providers is configured: ${value}`, {
        place: { file: path },
        hint: `Remove the setting, move its files to ${RANCHER_PATHS.config} and ${RANCHER_PATHS.programs}, and run the script again.`,
      })
    }
  }
}

function isSame(one: ProviderPaths, other: ProviderPaths): boolean {
  return one.config === other.config && one.programs === other.programs
}

function refuse(what: string): NopassError {
  return new NopassError('NODE_PROVIDERS', `the flags for credential providers ${what}`)
}
