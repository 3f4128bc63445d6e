import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { testTools } from '../tools.ts'

const NAMES = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'registry', 'helm4', 'sandbox-program'] as const

/**
 * Returns the environment for `sandbox up`, with a separate cache in `folder`. `down` stops every
 * sandbox in the cache, and must not stop a developer's. The tools that are already built are in
 * `folder/tools`.
 */
export async function sandboxEnvironment(folder: string): Promise<NodeJS.ProcessEnv> {
  const tools = await testTools(...NAMES)
  const programs = join(folder, 'tools')
  mkdirSync(programs)
  for (const name of NAMES) symlinkSync(tools[name], join(programs, name))
  return { ...process.env, ACR_NOPASS_CACHE: join(folder, 'cache'), ACR_NOPASS_TOOLS: programs, CI: 'true' }
}
