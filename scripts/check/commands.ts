import { parseSync, Visitor, type VisitorObject } from 'oxc-parser'

/** The only file that may build commands. */
const BUILDER = 'src/lib/shell-command.ts'
const TAGS: readonly string[] = ['shell', 'shellWords']
/** The sandbox runs programs, and prints commands only for its own clusters. */
const OWN_CLUSTER = /^sandbox\//

const OURS = 'apply|cleanup|doctor|import|plan|policy|refresh|uninstall|validate'

/**
 * Programs that users run, with the words that may follow each in a command. A dash stands for any
 * option.
 */
const CALLS: readonly (readonly [program: string, first: string])[] = [
  [
    'kubectl',
    '-|annotate|apply|auth|create|delete|describe|edit|exec|get|label|logs|patch|replace|rollout|scale|set|version|wait',
  ],
  ['helm', '-|get|history|install|list|pull|rollback|status|template|uninstall|upgrade'],
  ['aliyun', '-|cr|cs|ims|ram|sts'],
  ['acr-nopass', OURS],
  // A NUL stands for the name with which the user calls our program.
  ['\\0', `(?:${OURS}) -`],
  ['(?:curl|openssl|sh|bash|rm|docker|crictl|ctr|nerdctl)', '-'],
]
const CALL = `(?:${CALLS.map(([program, first]) => `${program} (?:${first.replace('-|', '-\\w|').replace(/^-$/, '-\\w')})`).join('|')})`
/** Matches a text that is a command from its beginning. */
const WHOLE = new RegExp(`^${CALL}`)
/** Matches a command that contains a value before its closing backtick or the end of the line. */
const FILLED = new RegExp(`(?:^|[^\\w.-])${CALL}[^\`\\n]*\\0`)

/**
 * Returns one line for each place that builds a command for users without `shell`. Such a command
 * could contain a text from somebody else, which the user's shell would run.
 */
export function findCommandProblems(sources: ReadonlyMap<string, string>): string[] {
  return [...sources].flatMap(([file, source]) => {
    if (file === BUILDER || OWN_CLUSTER.test(file)) return []
    const at = (offset: number): string => `${file}:${source.slice(0, offset).split('\n').length}`
    const lines = buildersOf(file, source).map(
      ({ offset, what }) => `${at(offset)}: ${what}; build it with \`shell\` of ${BUILDER}`,
    )
    return [...new Set(lines)]
  })
}

function buildersOf(file: string, source: string): { readonly offset: number; readonly what: string }[] {
  const found: { readonly offset: number; readonly what: string }[] = []
  const allowed = new Set<unknown>()
  const check = (text: string, offset: number): void => {
    if (WHOLE.test(text.trimStart()) || FILLED.test(text)) found.push({ offset, what: 'a command in a plain text' })
  }
  const visitor: VisitorObject = {
    TaggedTemplateExpression({ tag, quasi }) {
      if (tag.type !== 'Identifier' || !TAGS.includes(tag.name)) return
      allowed.add(quasi)
      for (const value of quasi.expressions.flatMap(branchesOf)) {
        const isWords = value.type === 'TemplateLiteral' && value.quasis.some(({ value }) => value.raw.includes(' '))
        if (isWords) found.push({ offset: value.start, what: 'several words in one' })
      }
    },
    TemplateLiteral(node) {
      if (!allowed.has(node)) check(node.quasis.map(({ value }) => value.cooked ?? value.raw).join('\0'), node.start)
    },
    BinaryExpression(node) {
      const { operator, left, right } = node
      if (operator !== '+' || allowed.has(node)) return
      for (const side of [left, right]) if (side.type === 'BinaryExpression') allowed.add(side)
      check(textOf(node), node.start)
    },
    Literal(node) {
      if (typeof node.value === 'string') check(node.value, node.start)
    },
    TSAsExpression({ typeAnnotation, start }) {
      const name = typeAnnotation.type === 'TSTypeReference' ? typeAnnotation.typeName : undefined
      if (name?.type === 'Identifier' && name.name === 'ShellCommand') found.push({ offset: start, what: 'a cast' })
    },
  }
  new Visitor(visitor).visit(parseSync(file, source).program)
  return found
}

/** Returns the expressions that a conditional expression may return. */
function branchesOf(value: Expression): readonly Expression[] {
  return value.type === 'ConditionalExpression' ? [value.consequent, value.alternate].flatMap(branchesOf) : [value]
}

type Expression = Parameters<NonNullable<VisitorObject['TemplateLiteral']>>[0]['expressions'][number]
type Node = Parameters<NonNullable<VisitorObject['BinaryExpression']>>[0]['left']

/** Returns the text of a concatenation, with a NUL for each part that is not a literal. */
function textOf(node: Node): string {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node.type === 'TemplateLiteral') return node.quasis.map(({ value }) => value.cooked ?? value.raw).join('\0')
  return node.type === 'BinaryExpression' && node.operator === '+' ? `${textOf(node.left)}${textOf(node.right)}` : '\0'
}
