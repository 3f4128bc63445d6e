// Puts the files of the command line's image together as `npm run release -- cli-image` does, with
// the Helm of this machine instead of https://get.helm.sh. Usage: stage-cli-image.ts PACKAGE OUT.
import { readFile } from 'node:fs/promises'
import { stageCliImage } from '../../../scripts/release/cli-image.ts'

const { HELM = '' } = process.env
const [archive = '', out = ''] = process.argv.slice(2)
await stageCliImage(archive, out, () => readFile(HELM), AbortSignal.timeout(120_000))
