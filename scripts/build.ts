import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { renderActionYml } from './build/action-yml.ts'
import { bundleAction, bundleCli, bundleHelper, bundleProvider } from './build/bundles.ts'
import { compareFolders } from './build/compare-folders.ts'
import { writeOwnArchive } from './release/node-archive.ts'

const root = resolve(import.meta.dirname, '..')
const USAGE = `npm run build                          action.yml and the committed bundle of the action (action/dist)
npm run build -- --check               compares it with a rebuild
npm run build -- helper --out FILE     the helper as one file
npm run build -- provider --out FILE   the program that a kubelet asks for logins, as one file
npm run build -- node --out FILE       the archive for nodes with this machine's architecture (Linux); prints its SHA-256
npm run build -- cli --out FOLDER      the command line tool for the npm package`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
})
const [what = 'action'] = positionals
const dist = join(root, 'action', 'dist')

if (values.help) console.log(USAGE)
else if (what === 'action' && values.check) process.exitCode = await checkAction()
else if (what === 'action') console.log(await buildAction())
else if (what === 'helper' && values.out) console.log(await bundleHelper(root, values.out))
else if (what === 'provider' && values.out) console.log(await bundleProvider(root, values.out))
else if (what === 'node' && values.out) console.log(await writeOwnArchive(root, resolve(values.out)))
else if (what === 'cli' && values.out) console.log(await bundleCli(root, values.out))
else {
  console.error(`usage:\n${USAGE}`)
  process.exitCode = 2
}

async function buildAction(): Promise<string> {
  await writeFile(join(root, 'action.yml'), renderActionYml())
  return bundleAction(root, dist)
}

async function checkAction(): Promise<number> {
  await using fresh = await mkdtempDisposable(join(tmpdir(), 'acr-nopass-build-'))
  await bundleAction(root, fresh.path)
  const metadata = await readFile(join(root, 'action.yml'), 'utf8').catch(() => '')
  const differences = [
    ...(metadata === renderActionYml() ? [] : ['action.yml: differs']),
    ...(await compareFolders(dist, fresh.path)),
  ]
  if (differences.length === 0) {
    console.log('action/dist is up to date')
    return 0
  }
  console.error(`action/dist is stale:\n  ${differences.join('\n  ')}\n  fix: npm run build, and commit action/dist`)
  return 1
}
