import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pinnedTool } from '../../../tools/build/find-tool.ts'
import { isToolName, TOOL_NAMES, TOOLS } from '../../../tools/build/tool-table.ts'
import { readHost } from '../../../tools/host.ts'

const host = readHost()
const { toolsFolder } = host

test('every tool has a tool line in its module, and every tool line has a row in the table', () => {
  for (const folder of readdirSync(toolsFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    if (folder.name === 'sandbox-program' || !existsSync(join(toolsFolder, folder.name, 'go.mod'))) continue
    const names = TOOL_NAMES.filter((name) => TOOLS[name].folder === folder.name)
    const text = readFileSync(join(toolsFolder, folder.name, 'go.mod'), 'utf8')
    const lines = [...text.matchAll(/^(?:tool |\t)(\S+\/\S+)$/gm)].map(([, path]) => path)
    assert.deepEqual(names.map((name) => TOOLS[name].package).sort(), lines.sort(), folder.name)
  }
})

test('versions are only in go.mod, and the build flags write them into the program', async () => {
  const { version, plan } = await pinnedTool('kube-apiserver', host)
  const [major, minor] = version.split('.')
  const flags = plan.arguments.at(-1) ?? ''
  for (const part of [`gitVersion=v${version} `, `gitMajor=${major} `, `gitMinor=${minor} `])
    assert.ok(flags.includes(part), part)
  const source = join(toolsFolder, 'build', 'tool-table.ts')
  assert.doesNotMatch(readFileSync(source, 'utf8'), /\b\d+\.\d+\.\d+\b/)
})

test('the name of a built-in property is not a tool', () => {
  assert.deepEqual(['etcd', 'toString', '__proto__', ''].map(isToolName), [true, false, false, false])
})
