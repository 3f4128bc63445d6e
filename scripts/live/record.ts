import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasCode, NopassError } from '../../src/errors.ts'
import { isRecord, parseObject, textOf } from '../../src/lib/json.ts'
import { TestbedError } from '../../tools/testbed-error.ts'
import { type CreatedKind, isRunId, objectsOf, PREFIX } from './names.ts'

/**
 * An object that a run asked RAM to create. It stays `requested` if no response arrived: RAM may
 * have created it, or may still create it.
 */
export interface RecordedObject {
  readonly kind: CreatedKind
  readonly name: string
  state: 'requested' | 'created'
}

export interface RunRecord {
  readonly run: string
  readonly accountId: string
  readonly objects: RecordedObject[]
}

export type Recorder = ReturnType<typeof createRecorder>

export const recordFileOf = (folder: string, run: string): string => join(folder, `${run}.json`)

/** Records on disk what a run creates, each name before its creation. */
export function createRecorder(folder: string, run: string, accountId: string) {
  const file = recordFileOf(folder, run)
  const record: RunRecord = { run, accountId, objects: [] }
  mkdirSync(folder, { recursive: true })
  const save = (): void => {
    // A process that is killed while it writes leaves the previous record.
    writeFileSync(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
  return {
    record,
    /** Records the name, then creates the object. A refused creation is not recorded. */
    async create(kind: CreatedKind, name: string, work: () => Promise<unknown>): Promise<void> {
      const object: RecordedObject = { kind, name, state: 'requested' }
      record.objects.push(object)
      save()
      try {
        await work()
      } catch (error) {
        // Without a response, RAM may have created the object.
        const isRefused = !hasCode(error, 'CLOUD_UNREACHABLE') && !hasCode(error, 'CLOUD_UNAVAILABLE')
        if (error instanceof NopassError && isRefused) this.forget(kind, name)
        throw error
      }
      object.state = 'created'
      save()
    },
    /** Removes an object from the record. The role and the policy for pulls have the same name. */
    forget(kind: CreatedKind, name: string): void {
      const at = record.objects.findIndex((object) => object.kind === kind && object.name === name)
      if (at >= 0) record.objects.splice(at, 1)
      save()
    },
    discard: (): void => rmSync(file, { force: true }),
  }
}

/**
 * Finds the record of a run by its file or by its ID. Without a file, the record holds every name
 * that the run may have created, and no account.
 * @throws LIVE_RECORD
 */
export function readRecord(fileOrRun: string, folder: string): { readonly record: RunRecord; readonly file?: string } {
  const file = isRunId(fileOrRun) ? recordFileOf(folder, fileOrRun) : fileOrRun
  if (existsSync(file)) return { record: parseRecord(readFileSync(file, 'utf8'), file), file }
  if (!isRunId(fileOrRun)) {
    throw new TestbedError('LIVE_RECORD', `${JSON.stringify(fileOrRun)} is neither the ID of a run nor a file`)
  }
  const objects = objectsOf(fileOrRun, true).map(({ kind, name }) => ({ kind, name, state: 'created' as const }))
  return { record: { run: fileOrRun, accountId: '', objects } }
}

function parseRecord(text: string, file: string): RunRecord {
  const { run, accountId, objects } = parseObject(text) ?? {}
  const known = isRunId(textOf(run)) ? objectsOf(textOf(run), true) : []
  const own = Array.isArray(objects) ? objects.flatMap((object: unknown) => readObject(object)) : []
  // A record that was edited must not make the command delete anything else.
  const isOwn = own.every(({ kind, name }) => known.some((one) => one.kind === kind && one.name === name))
  if (known.length > 0 && Array.isArray(objects) && own.length === objects.length && isOwn) {
    return { run: textOf(run), accountId: textOf(accountId), objects: own }
  }
  throw new TestbedError('LIVE_RECORD', `${file} is not the record of a run: it may only name ${PREFIX}<run>…`)
}

function readObject(value: unknown): readonly RecordedObject[] {
  if (!isRecord(value)) return []
  const { kind, name, state } = value
  const isKind = kind === 'role' || kind === 'policy' || kind === 'oidc-provider'
  if (!isKind || typeof name !== 'string') return []
  return [{ kind, name, state: state === 'requested' ? 'requested' : 'created' }]
}
