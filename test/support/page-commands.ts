import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../cli/run-bin.ts'
import { testTools } from '../tools.ts'

/** The command blocks of an English page, which the Chinese page has too. */
export async function readCommands(name: string): Promise<readonly string[]> {
  const [english = [], chinese = []] = await Promise.all(
    ['en', 'zh'].map(async (language) => {
      const page = await readFile(join(ROOT, 'docs', language, name), 'utf8')
      return [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block)
    }),
  )
  const withoutComments = (block: string): string => block.replaceAll(/^ *#.*\n| *# .*$/gm, '')
  assert.deepEqual(chinese.map(withoutComments), english.map(withoutComments))
  return english
}

/** Links kubectl, helm and acr-nopass into a folder for the PATH of {@link typeCommands}. */
export async function linkPrograms(folder: string): Promise<void> {
  const { kubectl, helm4 } = await testTools('kubectl', 'helm4')
  await symlink(kubectl, join(folder, 'kubectl'))
  await symlink(helm4, join(folder, 'helm'))
  await symlink(join(ROOT, 'bin/acr-nopass'), join(folder, 'acr-nopass'))
}

/** Types a block, and returns what a terminal shows. A failed command does not end the block. */
export function typeCommands(block: string, { folder, kubeconfig }: { folder: string; kubeconfig: string }) {
  const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder, KUBECONFIG: kubeconfig }
  return new Promise<string>((resolve) => {
    const options = { cwd: folder, env, timeout: 120_000 }
    execFile('bash', ['-c', `exec 2>&1\n${block}`], options, (_, stdout) => resolve(stdout))
  })
}
