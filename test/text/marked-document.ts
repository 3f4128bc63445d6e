import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { parse, stringify } from 'yaml'
import { ROOT } from '../cli/run-bin.ts'

const EXAMPLES: readonly object[] = ['chart/ci', 'examples/values'].flatMap((folder) =>
  readdirSync(join(ROOT, folder)).map((file) => parse(readFileSync(join(ROOT, folder, file), 'utf8'))),
)

/**
 * Texts that begin a new line, a command to the runner, a table cell or a colour. No output may
 * contain their effect.
 */
const HOSTILE = [
  '\n  fix: zqline ',
  '\n::zqline::',
  '\r##[zqline]',
  '\u001b[31m',
  '\u202e',
  '\u2028',
  '| x | `',
  '\u009b1m',
]

/** What users write as a value. */
const FORMS: readonly ((mark: string, hostile: string) => unknown)[] = [
  (mark) => mark,
  (mark) => mark,
  (mark) => mark,
  (mark) => `9081_7${mark.slice(3, 6)}`,
  (mark) => `90817${mark.slice(3, 6)}`,
  (mark) => Number(`90817${mark.slice(3, 6)}`),
  (mark) => `token=${mark}`,
  (mark) => `LTAI5t${mark}`,
  (mark) => `password:${mark}`,
  (mark) => `${mark}.example.com`,
  (mark) => `https://robot:${mark}@mirror.example.com`,
  (mark) => `robot:${mark}@mirror.example.com`,
  (mark) => `https://${mark.toUpperCase()}.example.com/`,
  (mark) => `shop/${mark}`,
  (mark) => `acs:ram::1234567890123456:role/${mark}`,
  (mark) => `password: ${mark}`,
  (mark) => `-----BEGIN PRIVATE KEY-----\n${mark}\n-----END PRIVATE KEY-----\n`,
  (mark) => `${mark} ${mark}\nline of ${mark}\n`,
  (mark) => `!${mark}`,
  (mark, hostile) => `${hostile}${mark}`,
  (mark, hostile) => ({ [hostile]: mark }),
  (mark) => [mark],
  (mark) => ({ name: mark, value: mark }),
  (mark) => ({ name: mark, name2: [mark, { deep: mark }] }),
]

/**
 * Secrets as users write them: at a place where the schema expects another value, or where it
 * checks nothing.
 */
const SECRETS: readonly ((value: unknown) => object)[] = [
  (value) => ({ extraEnv: [{ name: 'LOGIN', value }] }),
  (value) => ({ extraEnv: [{ name: 'LOGIN', vlaue: value }, value] }),
  (value) => ({ extraEnv: value }),
  (value) => ({ extraObjects: [{ kind: 'Secret', stringData: { login: value } }, value] }),
  (value) => ({ extraObjects: value }),
  (value) => ({ podAnnotations: { login: value } }),
  (value) => ({ podAnnotations: value }),
  (value) => ({ password: value }),
  (value) => ({ identity: { type: 'access-key', accessKey: { accessKeySecret: value } } }),
  (value) => ({ identity: { type: 'access-key', accessKey: { existingSecret: 'a', token: value } } }),
  (value) => ({ registries: [{ name: 'mirror', edition: 'static', domains: ['m.example.com'], password: value }] }),
  (value) => ({ registries: [{ name: 'mirror', edition: 'static', auth: { password: value } }] }),
  (value) => ({ imagePullSecrets: [{ name: 'mirror', password: value }] }),
  (value) => ({ caBundle: value }),
]

const KEYS = ['password', 'token', 'name', 'value', 'values', 'region', 'labels', 'zone', 'type', 'domains']

type Path = readonly (string | number)[]

/** Returns all paths of a document, including the paths of maps and lists. */
function pathsOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))]
}

interface Edit {
  readonly where: number
  readonly what: 'replace' | 'add' | 'misspell' | 'repeat' | 'secret'
  readonly form: number
  readonly key: number
  readonly hostile: string
}

const edit: fc.Arbitrary<Edit> = fc.record({
  where: fc.nat(),
  what: fc.constantFrom('replace', 'replace', 'add', 'misspell', 'repeat', 'repeat', 'secret'),
  form: fc.nat(),
  key: fc.nat(),
  hostile: fc.constantFrom(...HOSTILE),
})

const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T

function apply(root: object, { where, what, form, key, hostile }: Edit, nextMark: () => string): void {
  const value = pick(FORMS, form)(nextMark(), hostile)
  if (what === 'secret') {
    Object.assign(root, pick(SECRETS, key)(value))
    return
  }
  const path = pick(pathsOf(root), where)
  const last = path.at(-1)
  let parent = root as Record<string, unknown>
  for (const step of path.slice(0, -1)) parent = parent[step] as Record<string, unknown>
  if (last === undefined) Object.assign(root, { [pick(KEYS, key)]: value })
  else if (what === 'repeat') repeat(root, path, value)
  else if (what === 'replace' || Array.isArray(parent)) parent[last] = value
  else if (what === 'add') parent[pick(KEYS, key)] = value
  else {
    delete parent[last]
    parent[`${String(last).slice(0, -1)}x`] = value
  }
}

/** Sets the value, and writes every item of a list around it a second time. */
function repeat(root: object, path: Path, value: unknown): void {
  let parent = root as Record<string, unknown>
  const lists: unknown[][] = []
  for (const step of path.slice(0, -1)) {
    if (Array.isArray(parent)) lists.push(parent)
    parent = parent[step] as Record<string, unknown>
  }
  parent[path.at(-1) as string] = value
  for (const list of lists) list.push(...structuredClone(list))
}

/** Typical slips in an editor. Each function gets the text, an offset in it and a mark. */
const TYPOS: readonly ((text: string, at: number, mark: string) => string)[] = [
  (text) => text,
  (text) => text,
  (text, at, mark) => insertLine(text, at, `# ${mark}`),
  (text, at, mark) => text.replace(lineAt(text, at), (line) => `${line} # ${mark}`),
  (text, at) => text.slice(0, at) + text.slice(at + 1),
  (text, at) => insertLine(text, at, lineAt(text, at)),
  (text, at) => insertLine(text, at, '\t'),
  (text, at, mark) => insertLine(text, at, `---\npassword: ${mark}`),
  (text, at, mark) => insertLine(text, at, `password:${mark}`),
  (text, _at, mark) => `${text}\ntoken: *${mark}\n`,
  (text, _at, mark) => `${text}\ntoken: !${mark}\n`,
  (text, _at, mark) => `${text}\ntoken: !!${mark} x\n`,
  (text, _at, mark) => `${text}\nlogLevel: &${mark} debgu\n`,
  (text, _at, mark) => `${text}\nattach: { type: never, password: ${mark}, }\n`,
  (text, _at, mark) => `${text}\nextraEnv: [{ name: A, value: ${mark} }, { name: A, value: "${mark}" }]\n`,
  (text, at, mark) => `${text.slice(0, at)}${mark}${text.slice(at)}`,
  (text, at) => text.replace(lineAt(text, at), (line) => line.replace(': ', ':')),
  (text, at) => `${text.slice(0, at)}"${text.slice(at)}`,
]

function lineAt(text: string, at: number): string {
  return text.slice(text.lastIndexOf('\n', at - 1) + 1).split('\n')[0] ?? ''
}

function insertLine(text: string, at: number, line: string): string {
  const start = text.lastIndexOf('\n', at - 1) + 1
  return `${text.slice(0, start)}${line}\n${text.slice(start)}`
}

/**
 * A valid values file after a few edits of its content and of its text, with marks in place of
 * values.
 */
export const markedDocument: fc.Arbitrary<string> = fc
  .record({
    example: fc.constantFrom(...EXAMPLES),
    edits: fc.array(edit, { minLength: 1, maxLength: 5 }),
    typos: fc.array(fc.tuple(fc.nat({ max: TYPOS.length - 1 }), fc.double({ min: 0, max: 1, noNaN: true })), {
      maxLength: 2,
    }),
    style: fc.record({
      collectionStyle: fc.constantFrom('any', 'any', 'block', 'flow'),
      defaultStringType: fc.constantFrom('PLAIN', 'PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_LITERAL'),
      lineWidth: fc.constantFrom(0, 40, 80),
    }),
  })
  .map(({ example, edits, typos, style }) => {
    let marks = 0
    const nextMark = (): string => markOf(marks++)
    const root = structuredClone(example)
    for (const one of edits) apply(root, one, nextMark)
    let text = stringify(root, { ...style, defaultKeyType: 'PLAIN', aliasDuplicateObjects: false })
    for (const [typo, at] of typos) text = pick(TYPOS, typo)(text, Math.floor(at * text.length), nextMark())
    return text
  })

/** Returns a mark. Its first eight characters differ from those of all other marks. */
function markOf(index: number): string {
  return `zqk${String(index).padStart(3, '0')}vwhxpt`
}

/**
 * Returns the numbers of all marks whose first eight characters an output contains: unchanged, as a
 * number, or in Base64.
 */
export function marksIn(output: string): ReadonlySet<number> {
  const found = new Set<number>()
  const search = (text: string): void => {
    for (const [, letters, digits] of text.replaceAll('_', '').matchAll(/zqk(\d{3})vw|90817(\d{3})/gi)) {
      found.add(Number(letters ?? digits))
    }
  }
  search(output)
  for (const [word] of output.matchAll(/[\w+/-]{11,}/g)) {
    for (let start = 0; start < 4; start++) search(Buffer.from(word.slice(start), 'base64').toString('latin1'))
  }
  return found
}
