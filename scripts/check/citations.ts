/** The page of decisions in the two languages. */
export interface DecisionPages {
  readonly en: string
  readonly zh: string
}

const EN = 'docs/en/decisions.md'
const ZH = 'docs/zh/decisions.md'

/**
 * Returns the anchors of a page, in order: `<a id="lease"></a>`, each directly before its heading.
 */
export function readAnchors(page: string): string[] {
  return [...page.matchAll(/^<a id="([a-z0-9-]+)"><\/a>\n### /gm)].map(([, id = '']) => id)
}

/**
 * Returns one line for each broken reference: a link to an anchor that the page of decisions lacks,
 * and an anchor that exists only on the Chinese page.
 * @param sources files of code and of pages, by path
 */
export function findCitationProblems(sources: ReadonlyMap<string, string>, pages: DecisionPages): string[] {
  const [en, zh] = [readAnchors(pages.en), readAnchors(pages.zh)]
  return [
    ...findRepeated(en).map((id) => `${EN}: the anchor #${id} exists twice; rename one of them`),
    ...findRepeated(zh).map((id) => `${ZH}: the anchor #${id} exists twice; rename one of them`),
    ...zh
      .filter((id) => !en.includes(id))
      .map((id) => `${EN}: the anchor #${id} of the Chinese page is missing; add it`),
    ...[...sources].flatMap(([file, text]) =>
      [...text.matchAll(/\bdecisions\.md#([\w-]*)/g)]
        .filter(([, id = '']) => !en.includes(id))
        .map(({ 0: match, index }) => {
          return `${file}:${text.slice(0, index).split('\n').length}: ${match}: the page has no such anchor`
        }),
    ),
  ]
}

/** Returns one line for each decision that the Chinese page lacks. */
export function findUntranslatedDecisions(pages: DecisionPages): string[] {
  const zh = readAnchors(pages.zh)
  return readAnchors(pages.en)
    .filter((id) => !zh.includes(id))
    .map((id) => `${ZH}: the anchor #${id} of the English page is missing; add it`)
}

function findRepeated(ids: readonly string[]): string[] {
  return [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))]
}
