import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleVersions } from './bundle-version.ts'
import { readSection } from './changelog.ts'
import { CLONE_FILES, cloneParts } from './publish-lines.ts'
import { expectedAt, VERSION_FORM, VERSION_PLACES } from './version-places.ts'

/** Returns the version in package.json, with which all others are compared. */
export function packageVersion(root: string): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version
}

/**
 * Returns one line for each file with another version than package.json. With `tag`, also returns
 * everything that prevents a release.
 */
export function versionProblems(root: string, tag?: string): readonly string[] {
  const version = packageVersion(root)
  const problems = VERSION_FORM.test(version) ? [] : [`package.json: the version ${version} is not X.Y.Z`]
  for (const place of VERSION_PLACES) {
    const { file, what, pattern } = place
    const expected = expectedAt(place, version)
    const found = readIfPresent(join(root, file)).match(pattern) ?? []
    if (found.length === 0) problems.push(`${file}: ${what} is missing`)
    const wrong = [...new Set(found)].filter((text) => text !== expected)
    problems.push(...wrong.map((text) => `${file}: ${what} is ${text}, but package.json requires ${expected}`))
  }
  const bundled = bundleVersions(root)
  if (bundled.length === 0) problems.push('action/dist: contains no version; run npm run build')
  const stale = [...new Set(bundled)].filter((text) => text !== version)
  problems.push(...stale.map((text) => `action/dist: was built as ${text}, not ${version}; run npm run build`))
  const unpublished = tag === undefined ? [] : unpublishedProblems(root)
  return [...problems, ...changelogProblems(readIfPresent(join(root, 'CHANGELOG.md')), version, tag), ...unpublished]
}

/**
 * The sentences of the quick starts that a release makes wrong, in each language.
 */
export const UNPUBLISHED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['quick-start-ack', 'quick-start-self-built', 'quick-start-serverless', 'mainland-china'].flatMap((name) => [
      [`docs/en/${name}.md`, 'Not published yet'],
      [`docs/zh/${name}.md`, '尚未发布'],
    ]),
  ),
}

function unpublishedProblems(root: string): readonly string[] {
  const clones = CLONE_FILES.flatMap((file) =>
    cloneParts(readIfPresent(join(root, file))).map((part) => `${file}: still has ${part}; run npm run release -- set`),
  )
  const notes = Object.entries(UNPUBLISHED).flatMap(([file, words]) => {
    const at = readIfPresent(join(root, file))
      .split('\n')
      .findIndex((line) => line.toLowerCase().includes(words.toLowerCase()))
    return at < 0 ? [] : [`${file}:${at + 1}: says "${words}"; remove that note before the tag`]
  })
  return [...clones, ...notes]
}

function changelogProblems(text: string, version: string, tag: string | undefined): readonly string[] {
  const section = readSection(text, version)
  if (tag === undefined) {
    return section || readSection(text, 'Unreleased')
      ? []
      : [`CHANGELOG.md: neither [${version}] nor [Unreleased] has an entry`]
  }
  return [
    ...(tag === `v${version}` ? [] : [`the tag is ${tag}, but package.json requires v${version}`]),
    ...(section ? [] : [`CHANGELOG.md: no section [${version}] with content`]),
  ]
}

function readIfPresent(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
