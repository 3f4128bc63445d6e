import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildPlan } from '../../../src/sandbox/tools/find-tool.ts'
import { readGoModule } from '../../../src/sandbox/tools/go-build.ts'
import { readHost } from '../../../src/sandbox/tools/host.ts'
import { isToolName, TOOL_NAMES, TOOLS } from '../../../src/sandbox/tools/tool-table.ts'

const { toolsFolder } = readHost()

test('every tool has a tool line in its module, and every tool line has a row in the table', () => {
  for (const folder of readdirSync(toolsFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    if (folder.name === 'bootstrap') continue
    const names = TOOL_NAMES.filter((name) => TOOLS[name].folder === folder.name)
    const text = readFileSync(join(toolsFolder, folder.name, 'go.mod'), 'utf8')
    const lines = [...text.matchAll(/^(?:tool |\t)(\S+\/\S+)$/gm)].map(([, path]) => path)
    assert.deepEqual(names.map((name) => TOOLS[name].package).sort(), lines.sort(), folder.name)
  }
})

test('versions are only in go.mod, and the build flags write them into the program', async () => {
  const module = await readGoModule(toolsFolder, TOOLS['kube-apiserver'])
  const [major, minor] = module.version.split('.')
  const flags = buildPlan(TOOLS['kube-apiserver'], module.version).arguments.at(-1) ?? ''
  for (const part of [`gitVersion=v${module.version} `, `gitMajor=${major} `, `gitMinor=${minor} `])
    assert.ok(flags.includes(part), part)
  const source = join(toolsFolder, '..', 'src', 'sandbox', 'tools', 'tool-table.ts')
  assert.doesNotMatch(readFileSync(source, 'utf8'), /\b\d+\.\d+\.\d+\b/)
})

test('the name of a built-in property is not a tool', () => {
  assert.deepEqual(['etcd', 'toString', '__proto__', ''].map(isToolName), [true, false, false, false])
})
