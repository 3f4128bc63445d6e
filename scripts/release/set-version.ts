import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { closeUnreleased, releasedVersions } from './changelog.ts'
import { CLONE_FILES, toPublished } from './publish-lines.ts'
import { compareVersions, expectedAt, VERSION_FORM, VERSION_PLACES } from './version-places.ts'

/**
 * Writes a version to all its places, turns the commands for a clone into those of a release, and
 * closes the changelog's Unreleased. Nothing is written
 * unless everything can be written. The action's bundle is not changed and must be built
 * afterwards.
 * @throws Error with the problem
 */
export function setVersion(root: string, version: string, day: string): readonly string[] {
  if (!VERSION_FORM.test(version)) throw new Error(`${version} is not a version of the form X.Y.Z`)
  const texts = new Map<string, string>()
  const read = (file: string): string => texts.get(file) ?? readFileSync(join(root, file), 'utf8')
  const changelog = read('CHANGELOG.md')
  const newer = releasedVersions(changelog).find((one) => compareVersions(one, version) > 0)
  if (newer !== undefined) throw new Error(`CHANGELOG.md already has a newer version than ${version}: ${newer}`)
  texts.set('CHANGELOG.md', closeUnreleased(changelog, version, day))
  for (const file of CLONE_FILES) texts.set(file, toPublished(read(file), version))
  for (const place of VERSION_PLACES) {
    const text = read(place.file)
    if (text.search(place.pattern) < 0) throw new Error(`${place.file}: ${place.what} is missing`)
    texts.set(place.file, text.replace(place.pattern, expectedAt(place, version)))
  }
  const changed = [...texts].filter(([file, text]) => readFileSync(join(root, file), 'utf8') !== text)
  for (const [file, text] of changed) writeFileSync(join(root, file), text)
  return changed.map(([file]) => file).sort()
}
