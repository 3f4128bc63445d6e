import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Finds all pages for readers: the Markdown files of the root, of docs/ and of the chart, as paths
 * below the root.
 */
export function findPages(root: string): string[] {
  const folders = ['.', 'chart', 'docs/en', 'docs/zh'].filter((folder) => existsSync(join(root, folder)))
  return folders
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)))
    .filter((path) => path.endsWith('.md'))
    .sort()
}
