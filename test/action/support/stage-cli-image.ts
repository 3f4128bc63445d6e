// Puts the files of the command line's image together as `npm run release -- cli-image` does, with
// the Helm of this machine instead of https://get.helm.sh. Usage: stage-cli-image.ts PACKAGE OUT.
import { stageCliImage } from '../../../scripts/release/cli-image.ts'
import { serveHelm } from '../../support/image/serve-helm.ts'

const { HELM = '' } = process.env
const [archive = '', out = ''] = process.argv.slice(2)
await using mirror = await serveHelm(HELM)
const { url: helmMirror, digests } = mirror
const options = { archive, out, helmMirror, digests, env: process.env }
await stageCliImage(options, AbortSignal.timeout(120_000))
