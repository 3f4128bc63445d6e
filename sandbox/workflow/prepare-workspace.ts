import { execFile } from 'node:child_process'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The files of this repository that make up the action, including the chart that it installs. */
const ACTION = ['action.yml', 'action/dist', 'chart', 'package.json']

/**
 * Creates the git repository of a platform team. It contains the action at `.//` and the team's own
 * files by path (`.github/workflows/…`, values, clusters).
 */
export async function prepareWorkspace(
  folder: string,
  files: Readonly<Record<string, string>>,
  repository: string,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const path of ACTION) await cp(join(ROOT, path), join(folder, path), { recursive: true })
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  // The environment hides the user's git configuration: hooks, signing, templates.
  const env = { PATH: process.env.PATH ?? '', HOME: folder, GIT_CONFIG_NOSYSTEM: '1' }
  const git = (...args: string[]): Promise<unknown> => run('git', args, { cwd: folder, env })
  const identity = ['-c', 'user.name=platform', '-c', 'user.email=platform@example.com']
  await git('init', '--quiet', '--initial-branch=main')
  await git('remote', 'add', 'origin', `https://github.com/${repository}.git`)
  await git('add', '--all')
  await git(...identity, 'commit', '--quiet', '--message', 'Pull without passwords')
}
