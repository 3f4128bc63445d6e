/**
 * Values as a file that Helm reads with the very same types. Helm reads YAML 1.1, where unquoted `yes`, `on`, `1_000` and
 * `0b11` are no text; in JSON every text is quoted. Characters that JSON leaves as they are and that a YAML reader takes for
 * a line break or refuses are written as escapes.
 */
export function valuesFile(values: unknown): string {
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return `${JSON.stringify(values, null, 2).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, escaped)}\n`
}
