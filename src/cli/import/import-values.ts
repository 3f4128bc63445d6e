import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { isPrivateAcr } from '../../acr/registry-domains.ts'
import { createHttpSender } from '../../alibaba/transport/http-sender.ts'
import { NopassError } from '../../errors.ts'
import { createReader } from '../../kube/read/reader.ts'
import { findPublic } from '../../migrate/find-public.ts'
import { decideImport } from '../../migrate/import/decide-import.ts'
import type { ImportNote } from '../../migrate/import/import-log.ts'
import { readFiles, readSources } from '../../migrate/import/read-files.ts'
import { type ReadSettings, readConfigMap } from '../../migrate/import/read-settings.ts'
import { renderValues, switchSteps } from '../../migrate/import/render-values.ts'
import { loginHosts } from '../../migrate/import/served-images.ts'
import { collectFacts, hasLegacy, type LegacyFacts } from '../../migrate/remove/collect-facts.ts'
import { LEGACY_CONFIG, LEGACY_NAMESPACE } from '../../migrate/remove/legacy-facts.ts'
import { readLegacy } from '../../migrate/remove/read-cluster.ts'
import { printable } from '../../printable.ts'
import { loadValues } from '../../values/load-values.ts'
import { connect } from '../connect.ts'
import { type CliHost, type CommonFlags, EXIT, writeResult } from '../program/cli-host.ts'
import type { ConnectFlags } from '../program/command.ts'
import { reportErrors } from '../program/report-errors.ts'

/**
 * Writes the values to stdout, and notes that need a person to stderr. Returns 2 with all errors.
 */
export async function importValues(flags: ImportFlags & CommonFlags, host: CliHost): Promise<number> {
  const { facts, read, unread } =
    flags.filename === undefined ? await fromCluster(flags, host) : await fromFiles(flags, host)
  if (read === undefined && !hasLegacy(facts)) throw nothingFound(unread)
  const release = { namespace: flags.namespace, name: flags.release }
  const settings = read?.settings
  const isPublic = await askRegistries(facts, host)
  const decision = decideImport({ settings, facts, region: flags.region, release, isPublic })
  const errors = read !== undefined && settings === undefined ? read.errors : decision.errors
  if (errors.length > 0 || decision.draft === undefined) return reportErrors(errors, flags, host)
  const notes = [...unread, ...decision.notes]
  const steps = switchSteps(settings, facts, { program: host.program, release })
  const text = renderValues(decision.draft, notes, steps)
  const refusals = validateText(text)
  if (refusals.length > 0) return reportErrors(refusals, flags, host)
  if (flags.to !== undefined) await writeValues(flags.to, text, flags.force === true, host)
  reportNotes(text, notes, steps, flags, host)
  return notes.some(({ kind }) => kind === 'lost') ? EXIT.differences : EXIT.ok
}

/**
 * Asks the registries only if the old Secrets do not show what the old helper served. Without that
 * knowledge a public image would look like an image of the old helper.
 */
async function askRegistries(facts: LegacyFacts, host: CliHost): Promise<ReadonlyMap<string, boolean>> {
  if (loginHosts(facts) !== undefined) return new Map()
  const images = facts.workloads.flatMap((workload) => workload.images).filter(isPrivateAcr)
  return findPublic(createHttpSender({ proxyEnv: host.env }), images, host.signal)
}

function nothingFound(unread: readonly ImportNote[]): NopassError {
  if (unread.length === 0) return new NopassError('IMPORT_NOTHING', 'there is nothing to import')
  const hint = 'Use a kubeconfig that can list them, or give files with `import -f`.'
  const what = unread.map(({ text }) => text.replace(/ could not be read.*$/, '')).join(', ')
  return new NopassError('IMPORT_NOTHING', `there is nothing to import in what could be read; not readable: ${what}`, {
    hint,
  })
}

/** `read` is undefined if nothing was configured, as in the recipe of 2018. */
async function fromCluster(flags: ImportFlags & CommonFlags, host: CliHost) {
  using connected = await connect(flags, host)
  const reader = createReader(connected.client, host.signal)
  const facts = await readLegacy(reader, { toRemove: false })
  const unread = reader.unread.map(({ what }): ImportNote => {
    return { kind: 'lost', text: `${what} could not be read, so these values do not reflect them.` }
  })
  return { facts, read: readConfiguration(facts), unread }
}

async function fromFiles({ filename = [] }: ImportFlags, host: CliHost): ReturnType<typeof fromCluster> {
  const { objects, settings } = readFiles(readSources(filename, host.workingDirectory))
  const facts = collectFacts(objects)
  const all = [...settings, ...[readConfiguration(facts)].filter((one) => one !== undefined)]
  if (all.length > 1) {
    const hint = 'Import them one at a time.'
    throw new NopassError('INPUT_INVALID', 'the files hold several configurations of the add-on', { hint })
  }
  return { facts, read: all[0], unread: [] }
}

function readConfiguration({ configuration }: LegacyFacts): ReadSettings | undefined {
  const source = `ConfigMap ${LEGACY_NAMESPACE}/${LEGACY_CONFIG}`
  return configuration && readConfigMap(configuration, source)
}

/** Checks that the written values pass our own validation. */
function validateText(text: string): readonly NopassError[] {
  const { errors } = loadValues({ files: [{ name: 'the imported values', text }] })
  return errors.map(({ code, message, hint }) => {
    return new NopassError('IMPORT_REFUSED', `the resulting values are not valid: ${code}: ${message}`, { hint })
  })
}

async function writeValues(name: string, text: string, force: boolean, { workingDirectory }: CliHost): Promise<void> {
  try {
    await writeFile(resolve(workingDirectory, name), text, { flag: force ? 'w' : 'wx' })
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST'
    if (exists) throw new NopassError('IMPORT_FILE_EXISTS', `${name} already exists`, { place: { file: name } })
    throw new NopassError('INPUT_INVALID', `${name} cannot be written`, { cause, place: { file: name } })
  }
}

function reportNotes(
  text: string,
  notes: readonly ImportNote[],
  steps: readonly string[],
  flags: ImportFlags & CommonFlags,
  host: CliHost,
): void {
  const { to, output } = flags
  const { stderr } = host
  writeResult(host, flags, { file: to ?? null, values: text, notes, steps }, () => (to === undefined ? text : ''))
  if (output === 'json') return
  for (const { kind, text: line } of notes) stderr.write(`${kind}: ${printable(line)}\n`)
  if (to !== undefined) stderr.write(`wrote ${printable(to)}; its last lines list the steps of the switch\n`)
}

export interface ImportFlags extends ConnectFlags {
  readonly filename?: readonly string[]
  readonly region?: string
  readonly namespace: string
  readonly release: string
  readonly to?: string
  readonly force?: boolean
}
