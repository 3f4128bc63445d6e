/** Comments wrap like prose, because a wide line must be read twice. */
const COLUMNS = 100

const COMMENT = /^\s*(?:\/\/|\/?\*)/
/** A line that may be wider: a link cannot be broken, and a directive must be on one line. */
const UNBREAKABLE = /https?:\/\/\S{40,}|biome-ignore|@ts-expect-error|^\s*\/\/ \S+$/
/** `P7` is a promise of docs/en/reliability.md; nothing defines other codes. */
const CODED_TITLE = /\btest\(\s*[`'"](?!P\d)([A-Z]{1,2}\d{1,2})\b/g

/**
 * Returns one line for each comment line that is too wide, and for each title of a test that begins
 * with a private code.
 */
export function findCommentProblems(sources: ReadonlyMap<string, string>): string[] {
  return [...sources].flatMap(([file, source]) => [
    ...source.split('\n').flatMap((line, index) => {
      const isWide = line.length > COLUMNS && COMMENT.test(line) && !UNBREAKABLE.test(line)
      return isWide ? [`${file}:${index + 1}: a comment of ${line.length} columns; wrap it at ${COLUMNS}`] : []
    }),
    ...[...source.matchAll(CODED_TITLE)].map(({ 0: match, 1: code, index }) => {
      const line = source.slice(0, index + match.length).split('\n').length
      return `${file}:${line}: the title begins with ${code}, which nothing defines; say what is promised`
    }),
  ])
}
