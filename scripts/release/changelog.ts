const HEADING = /^## \[([^\]]+)\].*$/gm

interface Section {
  readonly name: string
  /** The offset of the heading, and of the text after it. */
  readonly from: number
  readonly bodyFrom: number
  readonly to: number
}

/**
 * Returns the text of a section (`1.2.3` or `Unreleased`) without its heading. Undefined if the
 * section does not exist, empty if it has no text.
 */
export function readSection(text: string, name: string): string | undefined {
  const section = listSections(text).find((one) => one.name === name)
  return section && text.slice(section.bodyFrom, section.to).trim()
}

/** Returns the versions of all dated sections, as written. */
export function releasedVersions(text: string): readonly string[] {
  return listSections(text)
    .map(({ name }) => name)
    .filter((name) => name !== 'Unreleased')
}

/**
 * Turns the Unreleased section into the section of a version, dated `day` (YYYY-MM-DD), below a new
 * empty Unreleased.
 * @throws Error when the section is empty, or the version already has a section
 */
export function closeUnreleased(text: string, version: string, day: string): string {
  if (readSection(text, version) !== undefined) throw new Error(`CHANGELOG.md already has a section [${version}]`)
  const open = listSections(text).find(({ name }) => name === 'Unreleased')
  if (!open || !readSection(text, 'Unreleased')) throw new Error('CHANGELOG.md has no entry under [Unreleased]')
  return `${text.slice(0, open.from)}## [Unreleased]\n\n## [${version}] - ${day}${text.slice(open.bodyFrom)}`
}

function listSections(text: string): readonly Section[] {
  const headings = [...text.matchAll(HEADING)]
  return headings.map((head, at) => ({
    name: head[1] ?? '',
    from: head.index,
    bodyFrom: head.index + head[0].length,
    to: headings[at + 1]?.index ?? text.length,
  }))
}
