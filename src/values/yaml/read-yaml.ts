import { type Document, LineCounter, type YAMLError, type ErrorCode as YamlErrorCode } from 'yaml'
import type { ErrorCode } from '../../errors.ts'
import { parseYamlDocuments } from '../../lib/yaml.ts'
import { ValuesError } from '../values-error.ts'
import { undecodedByte } from './decode-text.ts'
import { findMistake } from './find-mistake.ts'
import type { MapNode, Origin, Position, SourceFile, YamlNode } from './yaml-node.ts'
import { readNodes } from './yaml-nodes.ts'

/** A file's content and its errors: only the first one if the file is not YAML. */
export interface ReadResult {
  /**
   * Undefined if the file cannot be parsed. If all errors are in SOFT, the root is what Helm reads,
   * so that its content is checked too.
   */
  readonly root: YamlNode | undefined
  readonly errors: readonly ValuesError[]
}

const SOFT: readonly ErrorCode[] = ['YAML_AMBIGUOUS', 'YAML_DUPLICATE_KEY']

// Characters that Helm's reader refuses (go-yaml v2, readerc.go), and line breaks that only YAML
// 1.1 has.
const BAD_CHARACTER =
  /[^\t\n\r\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]|\r(?!\n)/u

/**
 * Parses YAML as Helm does, and refuses texts about which parsers disagree. An empty file is an
 * empty map, as in Helm. Never throws. The errors have the codes YAML_*.
 */
export function readYaml(file: SourceFile, origin: Origin): ReadResult {
  const lines = new LineCounter()
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { file: file.name, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const [first, second] = parseYamlDocuments(file.text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    lineCounter: lines,
  })
  const broken = findBreak(file.text, first, second)
  if (broken !== undefined) return { root: undefined, errors: [breakError(file.text, broken, at)] }
  if (first === undefined) return { root: emptyMap(file, origin), errors: [] }
  const errors: ValuesError[] = []
  const { contents } = first
  const root =
    contents === null ? emptyMap(file, origin) : readNodes(first, contents, { text: file.text, at, origin, errors })
  const isEmpty = root.kind === 'scalar' && root.value === null
  const isReadable = errors.every(({ code }) => SOFT.includes(code))
  return { root: isReadable ? (isEmpty ? emptyMap(file, origin) : root) : undefined, errors }
}

function emptyMap(file: SourceFile, origin: Origin): MapNode {
  return { kind: 'map', at: { file: file.name, line: 1, column: 1 }, origin, entries: new Map() }
}

/** Returns the directive to refuse, because Helm 4 refuses some directives that Helm 3 reads. */
function directiveOf({ directives }: Document.Parsed): string | undefined {
  if (directives.yaml.explicit) return '%YAML'
  return Object.keys(directives.tags).some((handle) => handle !== '!!') ? '%TAG' : undefined
}

/** A place from which on a text cannot be read, and the error for it. */
interface Break {
  readonly offset: number
  readonly error: (at: Position) => ValuesError
  /** True if the parser stops here. */
  readonly isSyntax?: boolean
}

/** Returns the first break of a text. Later ones often follow from it. */
function findBreak(text: string, first: Document.Parsed | undefined, second?: Document.Parsed): Break | undefined {
  const character = BAD_CHARACTER.exec(text)
  const directive = first === undefined ? undefined : directiveOf(first)
  const breaks: Break[] = [
    ...(character === null
      ? []
      : [{ offset: character.index, error: (at: Position) => characterError(character, at) }]),
    ...(directive === undefined
      ? []
      : [{ offset: 0, error: (at: Position) => new ValuesError('YAML_TAG', `a ${directive} directive`, { at }) }]),
    ...[...(first?.errors ?? []), ...(first?.warnings ?? [])].map((problem) => ({
      offset: problem.pos[0],
      isSyntax: (PROBLEMS[problem.code]?.[2] ?? 'YAML_SYNTAX') === 'YAML_SYNTAX',
      error: (at: Position) => syntaxError(problem, at),
    })),
    ...(second === undefined
      ? []
      : [
          {
            offset: startOf(second),
            error: (at: Position) => new ValuesError('YAML_DOCUMENTS', 'a second document starts here', { at }),
          },
        ]),
  ]
  return breaks.toSorted((a, b) => a.offset - b.offset)[0]
}

function breakError(
  text: string,
  { offset, error, isSyntax = false }: Break,
  at: (offset: number) => Position,
): ValuesError {
  const place = at(offset)
  const mistake = isSyntax ? findMistake(text, place.line) : undefined
  if (mistake === undefined) return error(place)
  const { line, column, message, hint } = mistake
  return new ValuesError('YAML_SYNTAX', message, { at: { ...place, line, column }, hint, hideLine: true })
}

function startOf(document: Document.Parsed): number {
  return document.contents?.range[0] ?? document.range[0]
}

function syntaxError(problem: YAMLError, at: Position): ValuesError {
  const [message, hint, code = 'YAML_SYNTAX'] = PROBLEMS[problem.code] ?? OTHER_PROBLEM
  return new ValuesError(code, message, { at, hint, hideLine: true })
}

function characterError(match: RegExpExecArray, at: Position): ValuesError {
  const byte = undecodedByte(match[0])
  if (byte !== undefined) {
    const message = `the byte 0x${byte.toString(16).toUpperCase()} is not valid UTF-8`
    return new ValuesError('YAML_SYNTAX', message, {
      at,
      hint: 'Save the file as UTF-8.',
      hideLine: true,
    })
  }
  if (match[0] === '\ufeff') {
    const hint = 'Save the file as UTF-8 without a byte order mark.'
    return new ValuesError('YAML_SYNTAX', 'a byte order mark', { at, hint })
  }
  const code = (match[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return new ValuesError('YAML_SYNTAX', `the character U+${code} is not allowed here unescaped`, {
    at,
    hint: `Write it as an escape in double quotes ("\\u${code}"), or end lines with a line feed.`,
  })
}

type SyntaxProblem = readonly [message: string, hint: string, code?: ErrorCode]

const MISPLACED: SyntaxProblem = [
  'an anchor or tag in the wrong place',
  'Put one right before its value, and none at an alias.',
]
const TAG: SyntaxProblem = [
  'a tag that is not known',
  'Remove the tag; put text that starts with ! in quotes.',
  'YAML_TAG',
]

// Our own messages, because the parser's messages quote the file, which may contain secrets.
const PROBLEMS: Readonly<Partial<Record<YamlErrorCode, SyntaxProblem>>> = {
  ALIAS_PROPS: MISPLACED,
  BAD_ALIAS: [
    'an alias or anchor without a usable name',
    'Name it with letters and digits; text that starts with * or & needs quotes.',
  ],
  BAD_COLLECTION_TYPE: TAG,
  BAD_DIRECTIVE: [
    'a directive',
    'Remove the line that starts with %; text that starts with % needs quotes.',
    'YAML_TAG',
  ],
  BAD_DQ_ESCAPE: ['an escape that is unknown in double quotes', 'Use single quotes, or write the backslash twice.'],
  BAD_INDENT: [
    'a line that is indented wrongly, or follows a bracket that was not closed',
    'Indent it like its neighbours, with spaces, and close what was opened before it.',
  ],
  BAD_PROP_ORDER: MISPLACED,
  BAD_SCALAR_START: ['text that starts with a character that YAML reserves', 'Put the text in quotes.'],
  BLOCK_AS_IMPLICIT_KEY: [
    'a map on the line of another key',
    'Start it on its own line, or put the text in quotes if the colon belongs to it.',
  ],
  BLOCK_IN_FLOW: ['an indented block between brackets', 'Write it between brackets too.'],
  KEY_OVER_1024_CHARS: ['a key of more than 1024 characters', 'Look for a missing quote or line break.'],
  MISSING_CHAR: [
    'a missing colon, comma, bracket or quote',
    'Look for what was opened before this position and not closed, or for a key without a colon.',
  ],
  MULTILINE_IMPLICIT_KEY: ['a key that spans several lines', 'Look for a missing colon or a missing quote.'],
  MULTIPLE_ANCHORS: MISPLACED,
  MULTIPLE_TAGS: TAG,
  RESOURCE_EXHAUSTION: ['the file is nested too deeply', 'Values need a few levels only.'],
  TAB_AS_INDENT: ['a tab where the line is indented', 'Indent with spaces.'],
  TAG_RESOLVE_FAILED: TAG,
}

const OTHER_PROBLEM: SyntaxProblem = [
  'something that does not belong here',
  'Look for a missing quote, bracket or line break before it.',
]
