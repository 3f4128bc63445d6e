import type { ErrorCode as YamlErrorCode } from 'yaml'
import type { ErrorCode } from '../../errors.ts'

interface SyntaxProblem {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
}

const syntax = (message: string, hint: string): SyntaxProblem => ({ code: 'YAML_SYNTAX', message, hint })

// Our own messages, because the parser's quote the file, which may contain secrets.
const PROBLEMS: Readonly<Record<YamlErrorCode, SyntaxProblem>> = {
  ALIAS_PROPS: syntax('an alias with a tag or an anchor', 'Leave only the alias.'),
  BAD_ALIAS: syntax(
    'an alias or anchor without a usable name',
    'Name it with letters and digits; text that starts with * or & needs quotes.',
  ),
  BAD_COLLECTION_TYPE: { code: 'YAML_TAG', message: 'a tag on a map or list', hint: 'Remove the tag.' },
  BAD_DIRECTIVE: {
    code: 'YAML_TAG',
    message: 'a directive',
    hint: 'Remove the line that starts with %; text that starts with % needs quotes.',
  },
  BAD_DQ_ESCAPE: syntax('an escape that double quotes do not know', 'Use single quotes, or write the backslash twice.'),
  BAD_INDENT: syntax(
    'a line that is indented wrongly, or follows a bracket that was not closed',
    'Indent it like its neighbours, with spaces, and close what was opened before it.',
  ),
  BAD_PROP_ORDER: syntax('an anchor or tag in the wrong place', 'Put it right before its value.'),
  BAD_SCALAR_START: syntax('text that starts with a character that YAML keeps for itself', 'Put the text in quotes.'),
  BLOCK_AS_IMPLICIT_KEY: syntax(
    'a map inside the line of another key',
    'Begin it on a line of its own, or put the text in quotes if the colon belongs to it.',
  ),
  BLOCK_IN_FLOW: syntax('an indented block between brackets', 'Write it between brackets too.'),
  DUPLICATE_KEY: { code: 'YAML_DUPLICATE_KEY', message: 'a key that appears twice', hint: 'Remove one of the two.' },
  IMPOSSIBLE: syntax('something that is not YAML', 'Rewrite this line.'),
  KEY_OVER_1024_CHARS: syntax('a key of more than 1024 characters', 'Look for a missing quote or line break.'),
  MISSING_CHAR: syntax(
    'a missing colon, comma, bracket or quote',
    'Look for what was opened before this place and not closed, or for a key without a colon.',
  ),
  MULTILINE_IMPLICIT_KEY: syntax('a key that goes over several lines', 'Look for a missing colon or a missing quote.'),
  MULTIPLE_ANCHORS: syntax('two anchors on one value', 'Keep one.'),
  MULTIPLE_DOCS: { code: 'YAML_DOCUMENTS', message: 'a second document', hint: 'Split it into one file per document.' },
  MULTIPLE_TAGS: { code: 'YAML_TAG', message: 'two tags on one value', hint: 'Remove both.' },
  NON_STRING_KEY: { code: 'YAML_KEY', message: 'a key that is not plain text', hint: 'Put the key in quotes.' },
  RESOURCE_EXHAUSTION: syntax('the file is nested too deeply', 'Values need a few levels only.'),
  TAB_AS_INDENT: syntax('a tab where the line is indented', 'Indent with spaces.'),
  TAG_RESOLVE_FAILED: {
    code: 'YAML_TAG',
    message: 'a tag that is not known',
    hint: 'Remove the tag; put text that starts with ! in quotes.',
  },
  UNEXPECTED_TOKEN: syntax(
    'something that does not belong here',
    'Look for a missing quote, bracket or line break before it.',
  ),
}

/** The message and the fix for a code of the parser. */
export function formatSyntaxError(code: YamlErrorCode): SyntaxProblem {
  return PROBLEMS[code]
}
