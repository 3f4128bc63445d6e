import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'process-rule-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('the linter rejects `process` outside of main.ts files in product code, and parsers that print warnings', () => {
  const global = 'export const id = process.pid\n'
  const files = {
    'src/kube/a.ts': global,
    'src/cli/b.ts': `import process from 'node:process'\n\n${global}`,
    'src/helper/main.ts': global,
    'tools/process/c.ts': global,
    'src/kube/yaml.ts': "import { parseDocument } from 'yaml'\n\nexport const read = parseDocument\n",
    'src/cli/main.ts': "import { parse } from 'yaml'\n\nexport const read = parse\n",
    'action/a.ts': "import { parseAllDocuments } from 'yaml'\n\nexport const read = parseAllDocuments\n",
    'src/lib/yaml.ts': "import { parse } from 'yaml'\n\nexport const read = parse\n",
    'src/init/e.ts': "import { stringify } from 'yaml'\n\nexport const write = stringify\n",
    'src/kube/d.ts': '// process.pid\nexport const process = 1\n',
  }
  copyFileSync(join(root, 'biome.json'), join(folder, 'biome.json'))
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  spawnSync('git', ['init', '-q'], { cwd: folder })
  const biome = join(root, 'node_modules', '.bin', 'biome')
  const { stdout } = spawnSync(biome, ['lint', '--reporter=json', '--vcs-enabled=false'], {
    cwd: folder,
    encoding: 'utf8',
  })
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string; location: { path: string } }[] }
  assert.deepEqual(diagnostics.map(({ category, location }) => `${location.path} ${category}`).sort(), [
    'action/a.ts lint/style/noRestrictedImports',
    'src/cli/b.ts lint/style/noRestrictedImports',
    'src/cli/main.ts lint/style/noRestrictedImports',
    'src/kube/a.ts lint/style/noRestrictedGlobals',
    'src/kube/yaml.ts lint/style/noRestrictedImports',
  ])
})
