// Runs as the only "test" of the coverage run. It passes the coverage data of all suites to that
// run, without the data of other code, and loads every file, so that files that no test loaded
// count too.
import { globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [from, to] = [process.env.ACR_NOPASS_COVERAGE, process.env.NODE_V8_COVERAGE]
if (!from || !to) throw new Error('collect-coverage.ts runs only inside the coverage run')
const ours = `${pathToFileURL(join(process.cwd(), 'src')).href}/`
for (const name of readdirSync(from)) {
  if (!name.endsWith('.json')) continue
  // A process that was killed while it wrote leaves half a file.
  const report = parse(readFileSync(join(from, name), 'utf8'))
  const result = report?.result.filter(({ url }) => url.startsWith(ours)) ?? []
  if (result.length > 0) writeFileSync(join(to, name), JSON.stringify({ result }))
}

for (const file of globSync('src/**/*.ts', { exclude: (name) => name.endsWith('main.ts') }))
  await import(pathToFileURL(join(process.cwd(), file)).href)

function parse(text: string): { result: { url: string }[] } | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
