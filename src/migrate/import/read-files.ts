import { LineCounter } from 'yaml'
import { NopassError } from '../../errors.ts'
import { readInputFile } from '../../lib/files.ts'
import { isRecord } from '../../lib/json.ts'
import { parseYamlDocuments } from '../../lib/yaml.ts'
import { ValuesError } from '../../values/values-error.ts'
import { decodeText } from '../../values/yaml/decode-text.ts'
import type { SourceFile } from '../../values/yaml/yaml-node.ts'
import { type AnyObject, LEGACY_CONFIG_KEYS } from '../remove/legacy-facts.ts'
import { type ReadSettings, readAddonJson, readConfigMap } from './read-settings.ts'

export interface FilesContent {
  /** Kubernetes objects. Of Secrets only the metadata is kept. */
  readonly objects: readonly AnyObject[]
  /**
   * Settings from the add-on's JSON, or from the ConfigMap's data alone, which the add-on's
   * documents print.
   */
  readonly settings: readonly ReadSettings[]
}

/** @throws INPUT_INVALID */
export function readSources(names: readonly string[], folder: string): readonly SourceFile[] {
  return names.map((name) => ({ name, text: decodeText(readInputFile({ input: '-f', name, folder })) }))
}

/**
 * Classifies the files' content.
 * @throws IMPORT_UNREADABLE with the location
 */
export function readFiles(files: readonly SourceFile[]): FilesContent {
  const documents = files.flatMap((file) => parseFile(file).map((value) => ({ value, file })))
  const found = documents.flatMap(({ value, file }) => expandList(value).map((one) => ({ one, file })))
  const objects: AnyObject[] = []
  const settings: ReadSettings[] = []
  for (const { one, file } of found) {
    const addon = readAddonJson(one, file.name) ?? readData(one, file.name)
    if (addon !== undefined) settings.push(addon)
    else if (isObject(one)) objects.push(withoutContent(one))
    else {
      const hint = 'Give manifests of Kubernetes, the ConfigMap acr-configuration, or the JSON of the add-on.'
      throw new NopassError('IMPORT_UNREADABLE', `${file.name} contains something that import does not read`, { hint })
    }
  }
  return { objects, settings }
}

function parseFile({ name, text }: SourceFile): readonly unknown[] {
  const lineCounter = new LineCounter()
  const verbatim = parseYamlDocuments(text, { lineCounter })
  const isBroken = verbatim.some(({ errors }) => errors.length > 0)
  // The vendor's page of 2018 indents the separators.
  const unindented = isBroken ? parseYamlDocuments(text.replaceAll(/^[ \t]+---[ \t]*$/gm, '---')) : verbatim
  const list = unindented.some(({ errors }) => errors.length > 0) ? verbatim : unindented
  for (const { errors } of list) {
    const [error] = errors
    if (error === undefined) continue
    const { line, col } = lineCounter.linePos(error.pos[0])
    const at = { file: name, line: Math.max(line, 1), column: Math.max(col, 1) }
    // The line is hidden, because it may contain a credential.
    throw new ValuesError('IMPORT_UNREADABLE', `no YAML: ${error.code}`, { at, hideLine: true })
  }
  try {
    return list.map((document) => document.toJS() as unknown).filter((value) => value !== null && value !== undefined)
  } catch (cause) {
    throw new NopassError('IMPORT_UNREADABLE', 'an alias refers to no anchor', { place: { file: name }, cause })
  }
}

/** Returns the items of a `List`, the form in which kubectl prints several objects. */
function expandList(value: unknown): readonly unknown[] {
  if (!isRecord(value) || !String(value.kind).endsWith('List') || !Array.isArray(value.items)) return [value]
  const kind = String(value.kind).replace(/List$/, '')
  return value.items.map((item: unknown) => (isRecord(item) && kind !== '' ? { kind, ...item } : item))
}

function isObject(value: unknown): value is AnyObject {
  return (
    isRecord(value) &&
    typeof value.kind === 'string' &&
    isRecord(value.metadata) &&
    typeof value.metadata.name === 'string'
  )
}

/** Reads a file that contains only `data:` of the ConfigMap, or only the content of that key. */
function readData(value: unknown, source: string): ReadSettings | undefined {
  if (!isRecord(value) || value.kind !== undefined) return undefined
  const data = isRecord(value.data) ? value.data : value
  if (!LEGACY_CONFIG_KEYS.some((key) => key in data)) return undefined
  const texts = Object.entries(data).map(([key, one]) => [
    key,
    one === null ? '' : isRecord(one) || Array.isArray(one) ? JSON.stringify(one) : String(one),
  ])
  return readConfigMap(Object.fromEntries(texts), source)
}

/** Removes the content of a Secret immediately. */
function withoutContent(object: AnyObject): AnyObject {
  return object.kind === 'Secret' ? { kind: object.kind, metadata: object.metadata } : object
}
