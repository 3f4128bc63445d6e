import { parse } from 'yaml'

/**
 * Reads the texts in a YAML file, by the name of what they describe.
 * @throws Error for a text of something unknown, and for a missing text if `all` are needed
 */
export function readTexts<Texts extends object>(
  readText: (path: string) => string,
  file: string,
  known: readonly string[],
  all = false,
): Texts {
  const texts = parse(readText(file)) as Texts
  const given = Object.keys(texts)
  const missing = all ? known.filter((name) => !given.includes(name)) : []
  const spare = given.filter((name) => !known.includes(name))
  const wrong = [...missing.map((name) => `${name} is missing`), ...spare.map((name) => `${name} does not exist`)]
  if (wrong.length > 0) throw new Error(`${file}: ${wrong.join(', ')}`)
  return texts
}
