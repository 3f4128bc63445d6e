import { nearest } from './schema/nearest.ts'
import { ValuesError } from './values-error.ts'
import type { SourceFile, YamlNode } from './yaml/yaml-node.ts'

/** A file and its parsed content; `root` is undefined if it could not be parsed. */
export interface ReadFile {
  readonly file: SourceFile
  readonly root: YamlNode | undefined
}

/**
 * Replaces errors that quote a foreign file by one error without quotes. A foreign file is not a
 * values or clusters file. The user may have named a file of secrets by mistake, and its lines must
 * not get into a log.
 * @param known the keys that identify our files
 * @param what `values file`
 */
export function hideForeign(
  errors: readonly ValuesError[],
  files: readonly ReadFile[],
  known: readonly string[],
  what: string,
): readonly ValuesError[] {
  return files.reduce<readonly ValuesError[]>((all, { file, root }) => {
    const isHere = ({ place }: ValuesError): boolean => place.file === file.name
    if (!all.some(isHere) || isOurs(file.text, root, known)) return all
    const kept = all
      .filter((error) => !isHere(error) || !mayQuote(error))
      .map((error) => (isHere(error) ? withoutLine(error) : error))
    if (kept.length === all.length) return kept
    const code = root === undefined ? 'YAML_ROOT' : 'SCHEMA_UNKNOWN_KEY'
    const at = { file: file.name, line: 1, column: 1 }
    const hint = `Check that it is the file that you mean; a ${what} has keys such as \`${known[0]}\`.`
    return [...kept, new ValuesError(code, `this is not a ${what}`, { at, hint, hideLine: true })]
  }, errors)
}

/**
 * True if the error may quote the file. False for missing keys, and for syntax errors whose message
 * is only ours.
 */
function mayQuote({ code, hideLine }: ValuesError): boolean {
  return code !== 'SCHEMA_MISSING' && code !== 'YAML_ROOT' && !(code.startsWith('YAML_') && hideLine)
}

function withoutLine({ code, message, hint, place, path, expected }: ValuesError): ValuesError {
  const { file = '', line = 1, column = 1 } = place
  return new ValuesError(code, message, { hint, path, expected, at: { file, line, column }, hideLine: true })
}

function isOurs(text: string, root: YamlNode | undefined, known: readonly string[]): boolean {
  const keys = keysOf(text, root)
  if (keys.length === 0)
    return text.trim() === '' || root?.kind === 'map' || (root?.kind === 'list' && root.items.length === 0)
  if (keys.some((key) => known.includes(key))) return true
  // In a long file some word resembles a key by accident.
  return keys.length <= 10 && keys.some((key) => nearest(key, known) !== undefined)
}

/**
 * Returns the keys at the top, or the keys of the items of a list. If the file is not YAML, returns
 * each word that begins a line as a key would.
 */
function keysOf(text: string, root: YamlNode | undefined): readonly string[] {
  if (root === undefined || root.kind === 'scalar') {
    return [...text.matchAll(/^[\s{-]*["']?([\w-]{1,60})["']?\s*(?::(?:\s|$)|：)/gm)].map(([, key = '']) => key)
  }
  if (root.kind === 'map') return [...root.entries.keys()]
  return root.kind === 'list' ? root.items.flatMap((item) => (item.kind === 'map' ? [...item.entries.keys()] : [])) : []
}
