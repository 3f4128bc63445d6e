import type { ErrorCode } from '../../errors.ts'
import { ValuesError } from '../values-error.ts'
import type { Position } from './yaml-node.ts'
import type { Readings } from './yaml-scalar.ts'

/**
 * Returns the error for a plain scalar that the parsers read differently, or that no parser can
 * represent exactly.
 */
export function ambiguous(
  source: string,
  { yaml12, yaml11, helm }: Readings,
  at: Position,
  isSecret: boolean,
): ValuesError {
  // The message does not quote the text if it may be a secret. A word of letters only is not one:
  // it stands for true, false, null or infinity.
  if (isSecret && !/^[-+]?\.?[a-z~]{1,5}$/i.test(source)) {
    const hint = 'Quote it if you mean text.'
    return new ValuesError('YAML_AMBIGUOUS', 'a value that parsers read differently', { at, hint, hideLine: true })
  }
  const shown = source.length > 60 ? `${source.slice(0, 60)}…` : source
  const quote = `Quote it if you mean text: "${shown}".`
  const error = (what: string, hint = quote, code: ErrorCode = 'YAML_AMBIGUOUS'): ValuesError =>
    new ValuesError(code, `${shown} ${what}`, { at, value: source, hint })
  if (typeof helm === 'number' && !Number.isFinite(helm)) {
    return error('is a number that Helm cannot represent', quote, 'YAML_SYNTAX')
  }
  if (Object.is(helm, -0)) {
    return error('is a signed zero, which not every reader preserves', 'Quote it if you mean text, else write 0.')
  }
  if (Object.is(yaml12, yaml11) && Object.is(yaml12, helm)) {
    return error('has more digits than every reader preserves')
  }
  const what = `is ${inWords(yaml12)} in YAML 1.2, ${inWords(yaml11)} in YAML 1.1 and ${inWords(helm)} to Helm`
  return error(what, `${quote} Otherwise write the value plainly: true, false, null, or a decimal number.`)
}

function inWords(value: unknown): string {
  if (value instanceof Date) return 'a date'
  if (typeof value === 'string') return `the text "${value}"`
  return value === null ? 'null' : `the ${typeof value} ${String(value)}`
}

/**
 * An escape in double quotes that Helm's parser refuses, with its place in the text and the fix.
 */
interface BadEscape {
  readonly index: number
  readonly escape: string
  readonly hint: string
}

/**
 * Finds the first escape in a double-quoted text that go-yaml v2 does not support. `quoted`
 * includes the quotes.
 */
export function findBadEscape(quoted: string): BadEscape | undefined {
  for (const match of quoted.matchAll(/\\(?:u([0-9a-fA-F]{4})|[\s\S])/g)) {
    const [found, unit] = match
    if (found === '\\/') return { index: match.index, escape: found, hint: 'Write / without the backslash.' }
    if (unit !== undefined && /^d[89a-f]/i.test(unit)) {
      return { index: match.index, escape: found, hint: 'Write the character itself, or as one escape: "\\U0001F600".' }
    }
  }
  return undefined
}
