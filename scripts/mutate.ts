// npm run mutate -- AREA… [--share 0.2] [--seed N] [--only PATH]
// Changes the code of an area in small ways and runs its unit tests on each change.
// Exits with 1 if the tests noticed fewer than 90 % of an area's changes.
// The area `found` tries the reverts of test/simulation/reverts.ts on the recorded runs. It exits
// with 1 if a revert breaks no run of its theme, or if a run breaks on no revert.
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { AREAS } from './mutate/areas.ts'
import { formatArea, formatRevert, formatReverts, isComplete } from './mutate/report.ts'
import { tryReverts } from './mutate/run-reverts.ts'
import { mutateArea } from './mutate/run-stryker.ts'

/** Not an area of the unit tests: whole runs of the simulation. */
const FOUND = 'found'
const USAGE = `usage: npm run mutate -- AREA… [--share 0.2] [--seed N] [--only PATH]
  AREA     ${Object.keys(AREAS).join(', ')}, ${FOUND}
  --share  the part of the changes that is tried, drawn by --seed (default: 1, all)
  --only   only files of the area whose path contains this text; of ${FOUND}, also a theme`

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
const unknown = positionals.filter((name) => name !== FOUND && !Object.hasOwn(AREAS, name))
const isWrong =
  positionals.length === 0 || unknown.length > 0 || !(share > 0 && share <= 1) || !Number.isSafeInteger(seed)

if (values.help || isWrong) {
  for (const name of unknown) console.error(`no area '${name}'`)
  console.log(USAGE)
  process.exitCode = values.help ? 0 : 2
} else {
  for (const name of positionals) {
    if (name === FOUND) {
      const results = await tryReverts(values.only, (result) => console.log(formatRevert(result)))
      console.log(formatReverts(results))
      if (!isComplete(results)) process.exitCode = 1
      continue
    }
    const area = AREAS[name]
    if (area === undefined) continue
    const result = await mutateArea(area, { share, seed, only: values.only })
    console.log(formatArea(name, result, { share, seed }))
    if (result.rate < 0.9) process.exitCode = 1
  }
}
