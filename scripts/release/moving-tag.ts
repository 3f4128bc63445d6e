import { compareVersions, VERSION_FORM } from './version-places.ts'

/**
 * Returns `v1` for 1.2.3 and `v0` for 0.1.0. Undefined if `tags` contain a newer release of that
 * line, because that release keeps the moving tag.
 */
export function movingTag(version: string, tags: readonly string[]): string | undefined {
  const line = version.split('.')[0]
  const others = tags
    .map((tag) => tag.replace(/^v/, ''))
    .filter((tag) => VERSION_FORM.test(tag) && tag.split('.')[0] === line)
  return others.some((other) => compareVersions(other, version) > 0) ? undefined : `v${line}`
}
