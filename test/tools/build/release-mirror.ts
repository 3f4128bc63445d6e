import { createHash } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { ReleaseRow } from '../../../tools/build/release.ts'
import { tarParts } from '../../../tools/tar.ts'

/** What the mirror does with a request for an archive. */
export type Behaviour = (response: ServerResponse, archive: Buffer) => void

/** A mirror of releases on loopback, whose archives contain a program that prints its path. */
export async function startMirror() {
  const behaviours = new Map<string, Behaviour>()
  const requests: { readonly path: string; readonly authorization: string | undefined }[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    if (request.method === 'HEAD') return void response.end()
    requests.push({ path, authorization: request.headers.authorization })
    const behave = behaviours.get(path) ?? ((answer, archive) => void answer.end(archive))
    behave(response, archiveOf(path))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mirror`
  return {
    base,
    requests,
    /** Sets what happens to requests for `https://example.test/<name>`. */
    behave: (name: string, behaviour: Behaviour) => behaviours.set(pathOf(name), behaviour),
    end: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const pathOf = (name: string): string => `/mirror/example.test/${name}`

/** The row of releases.yaml for an archive that the mirror has. */
export function releaseRow(version: string, name: string): ReleaseRow {
  const sha256 = createHash('sha256')
    .update(archiveOf(pathOf(name)))
    .digest('hex')
  const file = { url: `https://example.test/${name}`, sha256 }
  return { version, program: 'linux-{arch}/program', files: { 'linux-x64': file }, confirmed: ['one', 'two'] }
}

function archiveOf(path: string): Buffer {
  const content = Buffer.from(programText(path))
  return gzipSync(Buffer.concat([...tarParts([{ path: 'linux-amd64/program', kind: 'file', content }])]))
}

const programText = (path: string): string => `#!/bin/sh\necho downloaded ${path}\n`

/** The text of the program in the archive of `https://example.test/<name>`. */
export const downloadedProgram = (name: string): string => programText(pathOf(name))
