import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { IMAGE_HELM } from '../../../scripts/release/cli-image.ts'
import { sha256 } from '../../../src/lib/text.ts'
import { tarParts } from '../../../tools/tar.ts'

/**
 * Serves this machine's Helm as https://get.helm.sh serves the version of the image, with one
 * program for both architectures. `digests` are the checksums of these archives.
 */
export async function serveHelm(helm: string) {
  const archives = new Map(
    ['amd64', 'arm64'].map((architecture) => {
      const entry = {
        path: `linux-${architecture}/helm`,
        kind: 'file',
        mode: 0o755,
        content: readFileSync(helm),
      } as const
      const archive = gzipSync(Buffer.concat([...tarParts([entry])]), { level: 1 })
      return [`helm-v${IMAGE_HELM}-linux-${architecture}.tar.gz`, archive]
    }),
  )
  const server = createServer((request, response) => {
    const archive = archives.get((request.url ?? '').slice(1))
    response.statusCode = archive === undefined ? 404 : 200
    response.end(archive)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    digests: new Map([...archives].map(([name, archive]) => [name, sha256(archive)])),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}
