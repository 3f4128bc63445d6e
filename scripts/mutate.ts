// npm run mutate -- AREA… [--share 0.2] [--seed N] [--only PATH]
// Changes the code of an area in small ways and runs its unit tests on each change.
// Exits with 1 if the tests noticed fewer than 90 % of an area's changes.
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { AREAS } from './mutate/areas.ts'
import { formatArea } from './mutate/report.ts'
import { mutateArea } from './mutate/run-stryker.ts'

const USAGE = `usage: npm run mutate -- AREA… [--share 0.2] [--seed N] [--only PATH]
  AREA     ${Object.keys(AREAS).join(', ')}
  --share  the part of the changes that is tried, drawn by --seed (default: 1, all)
  --only   only files of the area whose path contains this text`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    share: { type: 'string', default: '1' },
    seed: { type: 'string' },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', short: 'h' },
  },
})
const share = Number(values.share)
const seed = Number(values.seed ?? randomInt(2 ** 31))
const unknown = positionals.filter((name) => !Object.hasOwn(AREAS, name))
const isWrong =
  positionals.length === 0 || unknown.length > 0 || !(share > 0 && share <= 1) || !Number.isSafeInteger(seed)

if (values.help || isWrong) {
  for (const name of unknown) console.error(`no area '${name}'`)
  console.log(USAGE)
  process.exitCode = values.help ? 0 : 2
} else {
  for (const name of positionals) {
    const area = AREAS[name]
    if (area === undefined) continue
    const result = await mutateArea(area, { share, seed, only: values.only })
    console.log(formatArea(name, result, { share, seed }))
    if (result.rate < 0.9) process.exitCode = 1
  }
}
