import { NopassError } from '../../errors.ts'
import { addWords, readVariable, removeWords } from './environment-file.ts'
import { checkDefaultFolder, findExisting } from './existing-providers.ts'
import { flagWords, otherFlags, readPairs, splitWords } from './kubelet-flags.ts'
import { type ConfigFile, mergeProviders } from './merge-providers.ts'
import type { NodeFiles, NodePlan, ObservedNode, Step } from './observed-node.ts'
import {
  type FlagsProfile,
  HOME,
  OUR_PATHS,
  PROFILES,
  PROVIDER,
  type ProfileName,
  type ProviderPaths,
  RANCHER_PATHS,
} from './profiles.ts'
import { findUnitVariable } from './unit-variable.ts'

export interface PlanInput {
  readonly profile: ProfileName
  readonly node: ObservedNode
  readonly files: NodeFiles
  /** The kubelet's configuration with our provider alone. Undefined to remove everything. */
  readonly config: string | undefined
  /** What our program reads. */
  readonly nodeConfig: string
  /** Files of the archive by their path in it. Empty if this archive is installed already. */
  readonly archive: readonly string[]
}

/** The configuration of our program. */
export const NODE_CONFIG = `${HOME}/node.json`

/**
 * Returns the steps from what a node has to what it should have: files first, flags last. To remove
 * everything, the steps remove the flags; the programs can be removed after the kubelet has
 * restarted. Returns no step for what is there already.
 * @throws NODE_PROVIDERS, NODE_FLAG_FILE: then nothing may be changed
 */
export function planNode(input: PlanInput): NodePlan {
  const profile = PROFILES[input.profile]
  if (profile.kind === 'flags')
    return input.config === undefined ? removeFlags(input, profile) : addFlags(input, profile)
  checkDefaultFolder(input.node)
  return input.config === undefined ? removeFromFolder(input) : addToFolder(input)
}

function addFlags(input: PlanInput, profile: FlagsProfile): NodePlan {
  const { node, files } = input
  const { flagFile, commandLine } = node
  const programs = programSteps(input)
  const existing = findExisting(node, profile)
  const { text = '', others } = mergeProviders(existing ? readExisting(existing, files) : [], ourConfig(input))
  const links = existing === undefined ? [] : linkOthers(existing, others, files)
  const path = flagFile?.path ?? flagPath(node, profile)
  const before = flagFile?.text
  const isNew = before === undefined || readVariable(before, profile.variable, path) === undefined
  const replaced = isNew ? findUnitVariable(node, profile.variable, path) : undefined
  if (replaced !== undefined && replaced.value === undefined) throw refuseUnit(replaced.path, path, profile)
  const flags = addWords(before, profile.variable, flagWords(OUR_PATHS), path, replaced?.value)
  const config = writeText(OUR_PATHS.config, text, files)
  const last: Step[] = before === flags ? [] : [flagStep(path, flags, files)]
  const inEffect = commandLine === undefined || isInEffect(commandLine, OUR_PATHS)
  return {
    steps: [...programs, ...links, ...labelStep(programs), ...config, ...last],
    restart: config.length + last.length > 0 || !inEffect,
    expected: OUR_PATHS,
    // Words that were added to a line leave all others, so lost ones are the change of others.
    kept: isNew ? otherFlags(commandLine ?? []) : [],
    notes: [
      ...others.map((name) => `kept the provider ${name} of ${existing?.config}`),
      ...(replaced?.value
        ? [`copied ${profile.variable} of ${replaced.path} to ${path}, where later changes belong`]
        : []),
    ],
  }
}

/** The new line would replace a value that cannot be copied. */
function refuseUnit(place: string, path: string, { variable }: FlagsProfile): NopassError {
  return new NopassError('NODE_FLAG_FILE', `sets ${variable}, and a line in ${path} would replace its flags`, {
    place: { file: place },
    hint: `Write ${variable} with all its flags into ${path}, restart the kubelet, and run the script again.`,
  })
}

function removeFlags({ node, files }: PlanInput, profile: FlagsProfile): NodePlan {
  const { flagFile, units, commandLine } = node
  const inherited = flagFile && findUnitVariable(node, profile.variable, flagFile.path)?.value
  const flags = flagFile && removeWords(flagFile.text, profile.variable, flagWords(OUR_PATHS), flagFile.path, inherited)
  // If our flags stayed, they would name a file that no longer exists.
  const others = units.filter(({ path, text }) => path !== flagFile?.path && namesOurs(text))
  const kept = flags?.includes(OUR_PATHS.config) === true ? flagFile : others[0]
  if (kept !== undefined) {
    throw new NopassError(
      'NODE_FLAG_FILE',
      'contains flags of acr-nopass that this script did not write in this form or place',
      {
        place: { file: kept.path },
        hint: 'Remove the flags with /opt/acr-nopass there, restart the kubelet, and run the script again.',
      },
    )
  }
  const existing = findExisting(node, profile)
  const first: Step[] =
    flagFile === undefined || flags === flagFile.text
      ? []
      : flags === undefined
        ? [{ kind: 'delete', path: files.realPath(flagFile.path) }]
        : [flagStep(flagFile.path, flags, files)]
  const inEffect = commandLine !== undefined && isInEffect(commandLine, OUR_PATHS)
  return { steps: first, restart: first.length > 0 || inEffect, expected: existing, kept: [], notes: [] }
}

/** The file is written in place, so its path must not be a link: the undo restores the path. */
function flagStep(path: string, text: string, files: NodeFiles): Step {
  return { kind: 'flags', path: files.realPath(path), text }
}

function namesOurs(text: string): boolean {
  const { config, programs } = OUR_PATHS
  return readPairs(splitWords(text)).some((pair) => pair.config === config || pair.programs === programs)
}

function addToFolder(input: PlanInput): NodePlan {
  const { node, files } = input
  const programs = programSteps(input)
  const before = readFolder(files)
  const { text = '', others } = mergeProviders(before, ourConfig(input))
  for (const name of others) checkProgram(RANCHER_PATHS, name, files)
  const program = `${RANCHER_PATHS.programs}/${PROVIDER}`
  const link = linkStep(program, `${OUR_PATHS.programs}/${PROVIDER}`, files)
  const config = writeText(RANCHER_PATHS.config, text, files)
  const inEffect = node.commandLine === undefined || isInEffect(node.commandLine, RANCHER_PATHS)
  return {
    steps: [...programs, ...link, ...labelStep(programs), ...config],
    restart: config.length > 0 || !inEffect,
    expected: RANCHER_PATHS,
    kept: [],
    notes: others.map((name) => `kept the provider ${name} of ${RANCHER_PATHS.config}`),
  }
}

/**
 * Reads the configuration of k3s and RKE2, which is one file here.
 * @throws NODE_PROVIDERS for a folder of files, because the script replaces the file as a whole
 */
function readFolder(files: NodeFiles): readonly ConfigFile[] {
  const { config } = RANCHER_PATHS
  const found = files.readConfig(config)
  if (found === undefined || (found.length === 1 && found[0]?.path === config)) return found ?? []
  throw new NopassError('NODE_PROVIDERS', 'the configuration of credential providers is not a file', {
    place: { file: config },
    hint: `Merge the files of the folder into one file ${config}, and run the script again.`,
  })
}

function removeFromFolder({ files }: PlanInput): NodePlan {
  const before = readFolder(files)
  const { text, others } = mergeProviders(before, undefined)
  const isOurs = before.length > 0 && (text === undefined || before.some(({ text }) => text.includes(PROVIDER)))
  const config: readonly Step[] = !isOurs
    ? []
    : text === undefined
      ? [{ kind: 'delete', path: RANCHER_PATHS.config }]
      : [{ kind: 'file', path: RANCHER_PATHS.config, text, mode: '644' }]
  const program = `${RANCHER_PATHS.programs}/${PROVIDER}`
  const link: readonly Step[] = files.readLink(program) === undefined ? [] : [{ kind: 'delete', path: program }]
  return {
    steps: [...config, ...link],
    restart: config.length > 0,
    expected: others.length > 0 ? RANCHER_PATHS : undefined,
    kept: [],
    notes: [],
  }
}

function ourConfig({ config = '' }: PlanInput): ConfigFile {
  return { path: 'our configuration', text: config }
}

function readExisting(existing: ProviderPaths, files: NodeFiles): readonly ConfigFile[] {
  const found = files.readConfig(existing.config)
  if (found !== undefined && found.length > 0) return found
  throw new NopassError(
    'NODE_PROVIDERS',
    'the kubelet is configured with credential providers, but the file is missing',
    {
      place: { file: existing.config },
    },
  )
}

function checkProgram({ config, programs }: ProviderPaths, name: string, files: NodeFiles): void {
  if (files.isExecutable(`${programs}/${name}`)) return
  const message = `the provider ${name} has no program ${programs}/${name}, and the kubelet would not start`
  throw new NopassError('NODE_PROVIDERS', message, { place: { file: config } })
}

/** The kubelet looks for all programs in one folder. */
function linkOthers(existing: ProviderPaths, names: readonly string[], files: NodeFiles): readonly Step[] {
  return names.flatMap((name) => {
    checkProgram(existing, name, files)
    return linkStep(`${OUR_PATHS.programs}/${name}`, `${existing.programs}/${name}`, files)
  })
}

function linkStep(path: string, target: string, files: NodeFiles): readonly Step[] {
  return files.readLink(path) === target ? [] : [{ kind: 'link', path, target }]
}

function programSteps({ archive, nodeConfig, files }: PlanInput): readonly Step[] {
  const programs = archive.map((from): Step => {
    return { kind: 'program', path: `${HOME}/${from}`, from, mode: from.startsWith('bin/') ? '755' : '644' }
  })
  return [...programs, ...writeText(NODE_CONFIG, nodeConfig, files)]
}

function labelStep(programs: readonly Step[]): readonly Step[] {
  return programs.some(({ kind }) => kind === 'program') ? [{ kind: 'label' }] : []
}

function writeText(path: string, text: string, files: NodeFiles): readonly Step[] {
  return files.readText(path) === text ? [] : [{ kind: 'file', path, text, mode: '644' }]
}

function isInEffect(commandLine: readonly string[], expected: ProviderPaths): boolean {
  const last = readPairs(commandLine).at(-1)
  return last?.config === expected.config && last.programs === expected.programs
}

/**
 * Returns the file of flags that the kubelet's unit reads. If no unit names a file, returns the
 * file that the host's packages use.
 */
export function flagPath({ units, isRpm }: Pick<ObservedNode, 'units' | 'isRpm'>, { flagFile }: FlagsProfile): string {
  const { deb, rpm } = flagFile
  const read = [deb, rpm].filter((path) =>
    units.some(({ text }) => new RegExp(`^\\s*EnvironmentFile=-?${path}\\s*$`, 'm').test(text)),
  )
  const [only, other] = [...new Set(read)]
  if (only !== undefined && other === undefined) return only
  return isRpm ? rpm : deb
}
