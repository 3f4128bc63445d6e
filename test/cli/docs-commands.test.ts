import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { findPages } from '../../scripts/generate-docs/pages.ts'
import { runBin } from './run-bin.ts'

const ROOT = join(import.meta.dirname, '../..')
/** A user's folder, with the files that the pages name. */
const folder = mkdtempSync(join(tmpdir(), 'docs-'))
after(() => rmSync(folder, { recursive: true, force: true }))
for (const name of ['acr-configuration.yaml', 'addon.json'])
  cpSync(join(ROOT, 'examples/migrate', name), join(folder, name))
cpSync(join(ROOT, 'examples/readme/rrsa.yaml'), join(folder, 'rrsa.yaml'))
cpSync(join(ROOT, 'examples/sandbox/clusters.yaml'), join(folder, 'clusters.yaml'))
cpSync(join(ROOT, 'examples/values/enterprise-worker-role.yaml'), join(folder, 'values.yaml'))
mkdirSync(join(folder, 'sandbox'))
for (const name of ['staging', 'production']) writeFileSync(join(folder, 'sandbox', `${name}.yaml`), '{}\n')
const cluster = { name: 'c', cluster: { server: 'https://127.0.0.1:9' } }
const kubeconfig = {
  clusters: [cluster],
  users: [{ name: 'u', user: {} }],
  contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  'current-context': 'x',
}
writeFileSync(join(folder, 'kubeconfig.yaml'), JSON.stringify(kubeconfig))

/** The quick starts are followed completely in test/quick-start. */
const pages = findPages(ROOT).filter((page) => !page.includes('/quick-start-'))

/**
 * Collects the commands on the pages, each line once. Of commands that need a cluster only the
 * arguments can be checked here.
 */
const commands = new Set(
  pages.flatMap((page) => {
    const blocks = readFileSync(join(ROOT, page), 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm)
    const lines = [...blocks].flatMap(([, block = '']) => block.replaceAll(/\\\n\s*/g, '').split('\n'))
    // In test/contract, node-script-page.test.ts follows the page about nodes, and
    // init-page.test.ts the page about init.
    const ours = lines.filter((line) => /^acr-nopass (?!node |init\b|policy --ci --init)/.test(line))
    return ours.map(withoutShell)
  }),
)

/**
 * Reduces a line to arguments: without comment and redirection, and with the content of a file that
 * an earlier line writes.
 */
function withoutShell(line: string): string {
  return line
    .replace(/\s+#.*$/, '')
    .replace(/ > \S+$/, '')
    .replace('"$(cat issuer.txt)"', 'https://issuer.example.com')
    .replace('"$CLUSTER"', 'c8f3d0a61b7e94c25a0d3f86e12b47c90')
    .replaceAll('$REGION', 'cn-hangzhou')
}

/** Splits a line into words as a shell does, without the quotes around them. */
function toWords(line: string): string[] {
  return [...line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word.replaceAll(/["']/g, ''))
}

/** Also collects commands in the prose of the quick starts: `acr-nopass plan …`. */
const inText = new Set(
  findPages(ROOT)
    .filter((page) => page.includes('/quick-start-'))
    .flatMap((page) => {
      const text = readFileSync(join(ROOT, page), 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '')
      const words = [...text.matchAll(/`(acr-nopass (?:plan|apply|uninstall|policy) [^`…]+)`/g)]
      return words.map(([, command = '']) => command.replaceAll(/\s+/g, ' '))
    }),
)
for (const name of ['identity.yaml', 'identity-node.yaml']) {
  writeFileSync(join(folder, name), 'identity: { type: worker-role }\n')
}
for (const command of inText) {
  test(`\`${command}\` in the text of a quick start is understood`, async () => {
    const env = { KUBECONFIG: join(folder, 'kubeconfig.yaml') }
    const { code, stdout, stderr } = await runBin(command.split(' ').slice(1), { cwd: folder, env })
    assert.equal(code, command.startsWith('acr-nopass policy ') ? 0 : 1, `${stdout}${stderr}`)
  })
}

test('the pages contain commands', () => assert.ok(commands.size >= 4))

for (const command of commands) {
  const offline = /^acr-nopass (validate|policy|import -f) /.test(command)
  test(`\`${command}\` of a page ${offline ? 'succeeds' : 'is understood'}`, async () => {
    const ids = {
      KUBECONFIG: join(folder, 'kubeconfig.yaml'),
      GITHUB_REPOSITORY: 'acme/platform',
      GITHUB_REPOSITORY_ID: '1',
      GITHUB_REPOSITORY_OWNER_ID: '2',
    }
    const { code, stdout, stderr } = await runBin(toWords(command).slice(1), { cwd: folder, env: ids })
    if (offline) assert.equal(code, 0, stderr)
    else assert.equal(code, 1, `${stdout}${stderr}`)
  })
}

test("the README's values are valid as shown, alone and with the file for Helm", async () => {
  const cwd = join(ROOT, 'examples/readme')
  for (const files of [['values.yaml'], ['values.yaml', 'rrsa.yaml']]) {
    const flags = files.flatMap((file) => ['-f', file])
    const { code, stdout } = await runBin(['validate', ...flags], { cwd })
    assert.deepEqual({ code, stdout }, { code: 0, stdout: `valid: ${files.join(', ')}\n` })
  }
})

for (const language of ['en', 'zh']) {
  test(`the page about migration (${language}) continues with the file that its first command writes`, () => {
    const page = readFileSync(join(ROOT, 'docs', language, 'migrate.md'), 'utf8')
    const used = [...page.matchAll(/^acr-nopass (?:validate|apply|uninstall) -f (\S+)/gm)].map(([, file]) => file)
    assert.deepEqual([...new Set(used)], [/^acr-nopass import .*--to (\S+)$/m.exec(page)?.[1]])
  })
}
