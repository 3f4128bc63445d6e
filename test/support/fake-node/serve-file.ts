import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FileServer extends AsyncDisposable {
  readonly url: string
  readonly requests: number
}

/** Serves one file at any path of this machine. */
export async function serveFile(file: string): Promise<FileServer> {
  let requests = 0
  const server = createServer((_request, response) => {
    requests++
    response.end(readFileSync(file))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/node.tgz`,
    get requests() {
      return requests
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
