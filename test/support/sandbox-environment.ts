import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { testTools } from '../tools.ts'

const NAMES = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'registry', 'helm4'] as const

/**
 * Variables for `sandbox up` with a cache of its own in `folder`: `down` ends every sandbox that it finds there, and a developer's
 * is not ours to end. The tools that are built already are in `folder/tools`.
 */
export async function sandboxEnvironment(folder: string): Promise<NodeJS.ProcessEnv> {
  const tools = await testTools(...NAMES)
  const programs = join(folder, 'tools')
  mkdirSync(programs)
  for (const name of NAMES) symlinkSync(tools[name], join(programs, name))
  return { ...process.env, ACR_NOPASS_CACHE: join(folder, 'cache'), ACR_NOPASS_TOOLS: programs, CI: 'true' }
}
