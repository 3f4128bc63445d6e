/** `"a, b"`, or a list of texts as JSON has it; empty for nothing; undefined for what is neither. */
export function readList(value: unknown): readonly string[] | undefined {
  if (value === null || value === undefined) return []
  const parts = Array.isArray(value) ? value : [value]
  if (!parts.every((part) => typeof part === 'string' || typeof part === 'number')) return undefined
  const words = parts.flatMap((part) => String(part).split(',')).map((word) => word.trim())
  return [...new Set(words.filter((word) => word !== ''))]
}
