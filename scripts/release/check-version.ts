import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleVersions } from './bundle-version.ts'
import { readSection } from './changelog.ts'
import { expectedAt, VERSION_FORM, VERSION_PLACES } from './version-places.ts'

/** The version in package.json, with which all others are compared. */
export function packageVersion(root: string): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version
}

/**
 * Deviations from the one version number of the tree at `root`, one line per file; with `tag` also
 * anything that prevents its release.
 */
export function versionProblems(root: string, tag?: string): readonly string[] {
  const version = packageVersion(root)
  const problems = VERSION_FORM.test(version) ? [] : [`package.json: the version ${version} is not X.Y.Z`]
  for (const place of VERSION_PLACES) {
    const { file, what, pattern } = place
    const expected = expectedAt(place, version)
    const found = readOr(join(root, file)).match(pattern) ?? []
    if (found.length === 0) problems.push(`${file}: ${what} is missing`)
    const wrong = [...new Set(found)].filter((text) => text !== expected)
    problems.push(...wrong.map((text) => `${file}: ${what} is ${text}, but package.json requires ${expected}`))
  }
  const bundled = bundleVersions(root)
  if (bundled.length === 0) problems.push('action/dist: contains no version; run npm run build')
  const stale = [...new Set(bundled)].filter((text) => text !== version)
  problems.push(...stale.map((text) => `action/dist: was built as ${text}, not ${version}; run npm run build`))
  const unpublished = tag === undefined ? [] : unpublishedProblems(root)
  return [...problems, ...changelogProblems(readOr(join(root, 'CHANGELOG.md')), version, tag), ...unpublished]
}

/** As the first screen and the quick starts say it in each language; a release makes it wrong. */
export const UNPUBLISHED: Readonly<Record<string, string>> = {
  'README.md': 'Not published yet',
  'README.zh-CN.md': '尚未发布',
  ...Object.fromEntries(
    ['ack', 'self-built', 'serverless'].flatMap((name) => [
      [`docs/en/quick-start-${name}.md`, 'Not published yet'],
      [`docs/zh/quick-start-${name}.md`, '尚未发布'],
    ]),
  ),
}

function unpublishedProblems(root: string): readonly string[] {
  return Object.entries(UNPUBLISHED).flatMap(([file, words]) => {
    const at = readOr(join(root, file))
      .split('\n')
      .findIndex((line) => line.toLowerCase().includes(words.toLowerCase()))
    return at < 0 ? [] : [`${file}:${at + 1}: says "${words}"; remove that note before the tag`]
  })
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

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
