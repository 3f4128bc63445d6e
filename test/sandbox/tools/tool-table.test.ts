import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readGoModule } from '../../../src/sandbox/tools/go-build.ts'
import { readHost } from '../../../src/sandbox/tools/host.ts'
import { buildPlan } from '../../../src/sandbox/tools/tool-key.ts'
import { isToolName, TOOL_NAMES, TOOLS } from '../../../src/sandbox/tools/tool-table.ts'

const { toolsFolder } = readHost()

test('every tool is a tool line of its module, and every tool line is a tool', async () => {
  for (const folder of readdirSync(toolsFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    if (folder.name === 'bootstrap') continue
    const ours = TOOL_NAMES.filter((name) => TOOLS[name].folder === folder.name)
    const [first] = ours
    assert.ok(first, `tools/${folder.name} has no row in the table`)
    const { tools } = await readGoModule(toolsFolder, TOOLS[first])
    assert.deepEqual(ours.map((name) => TOOLS[name].package).sort(), [...tools].sort(), folder.name)
  }
})

test('versions stand in go.mod alone and reach the flags that put them into the program', async () => {
  const module = await readGoModule(toolsFolder, TOOLS['kube-apiserver'])
  const [major, minor] = module.version.split('.')
  const flags = buildPlan(TOOLS['kube-apiserver'], module.version).arguments.at(-1) ?? ''
  for (const part of [`gitVersion=v${module.version} `, `gitMajor=${major} `, `gitMinor=${minor} `])
    assert.ok(flags.includes(part), part)
  const source = join(toolsFolder, '..', 'src', 'sandbox', 'tools', 'tool-table.ts')
  assert.doesNotMatch(await import('node:fs').then((fs) => fs.readFileSync(source, 'utf8')), /\b\d+\.\d+\.\d+\b/)
})

test('a name that an object has by nature is no tool', () => {
  assert.deepEqual(['etcd', 'toString', '__proto__', ''].map(isToolName), [true, false, false, false])
})
