/** The page of decisions in the two languages. */
export interface DecisionPages {
  readonly en: string
  readonly zh: string
}

const EN = 'docs/en/decisions.md'
const ZH = 'docs/zh/decisions.md'

/**
 * Outdated forms of references: numbers of a list, sections and files that are not in the
 * repository.
 */
const OLD_FORMS = [
  /\bdecisions? \d+/gi,
  /\bproofs?(?:\.md)? ?§ ?\d+/gi,
  /\bresearch: [\w-]+/gi,
  /\b(?:research|design)\/[\w-]+\.md\b/gi,
]

/**
 * Returns the anchors of a page, in order: `<a id="lease"></a>`, each directly before its heading.
 */
export function readAnchors(page: string): string[] {
  return [...page.matchAll(/^<a id="([a-z0-9-]+)"><\/a>\n### /gm)].map(([, id = '']) => id)
}

/**
 * Returns one line for each broken reference: a link to an anchor that the page of decisions lacks,
 * an outdated form, and an anchor that exists only on the Chinese page.
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
    ...[...sources].flatMap(([file, text]) => [
      ...matchesOf(file, text, /\bdecisions\.md#[\w-]*/g)
        .filter(({ match }) => !en.includes(match.slice(match.indexOf('#') + 1)))
        .map(({ at, match }) => `${at}: ${match}: the page has no such anchor`),
      ...OLD_FORMS.flatMap((form) => matchesOf(file, text, form)).map(
        ({ at, match }) => `${at}: '${match}': link to the decision instead, for example ${EN}#lease`,
      ),
    ]),
  ]
}

/** Returns one line for each decision that the Chinese page lacks. */
export function findUntranslatedDecisions(pages: DecisionPages): string[] {
  const zh = readAnchors(pages.zh)
  return readAnchors(pages.en)
    .filter((id) => !zh.includes(id))
    .map((id) => `${ZH}: the anchor #${id} of the English page is missing; add it`)
}

function matchesOf(file: string, text: string, form: RegExp): { readonly at: string; readonly match: string }[] {
  return [...text.matchAll(form)].map(({ 0: match, index }) => ({
    at: `${file}:${text.slice(0, index).split('\n').length}`,
    match,
  }))
}

function findRepeated(ids: readonly string[]): string[] {
  return [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))]
}
