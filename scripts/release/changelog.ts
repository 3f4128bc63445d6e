const HEADING = /^## \[([^\]]+)\].*$/gm

interface Section {
  readonly name: string
  /** Of the heading, and of the text behind it. */
  readonly from: number
  readonly bodyFrom: number
  readonly to: number
}

/** The text of a section (`1.2.3` or `Unreleased`) without its heading; undefined when there is none, empty when it says nothing. */
export function readSection(text: string, name: string): string | undefined {
  const section = listSections(text).find((one) => one.name === name)
  return section && text.slice(section.bodyFrom, section.to).trim()
}

/** The versions of all dated sections, as they stand. */
export function releasedVersions(text: string): readonly string[] {
  return listSections(text)
    .map(({ name }) => name)
    .filter((name) => name !== 'Unreleased')
}

/**
 * Makes what stands under Unreleased the section of a version, dated `day` (YYYY-MM-DD), under a new empty Unreleased.
 * @throws Error when nothing stands there, or the version has a section already
 */
export function closeUnreleased(text: string, version: string, day: string): string {
  if (readSection(text, version) !== undefined) throw new Error(`CHANGELOG.md has a section [${version}] already`)
  const open = listSections(text).find(({ name }) => name === 'Unreleased')
  if (!open || !readSection(text, 'Unreleased')) throw new Error('CHANGELOG.md says nothing under [Unreleased]')
  return `${text.slice(0, open.from)}## [Unreleased]\n\n## [${version}] - ${day}${text.slice(open.bodyFrom)}`
}

function listSections(text: string): readonly Section[] {
  const heads = [...text.matchAll(HEADING)]
  return heads.map((head, at) => ({
    name: head[1] ?? '',
    from: head.index,
    bodyFrom: head.index + head[0].length,
    to: heads[at + 1]?.index ?? text.length,
  }))
}
