import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const STATED = /\bname:"acr-nopass",version:"([^"]*)"/g

/** The versions that the committed bundle of the action states. */
export function bundleVersions(root: string): readonly string[] {
  const texts = globSync('action/dist/**/*.js', { cwd: root }).map((file) => readFileSync(join(root, file), 'utf8'))
  return texts.flatMap((text) => [...text.matchAll(STATED)].map(([, version = '']) => version))
}
