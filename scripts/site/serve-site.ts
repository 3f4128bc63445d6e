import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** Serves the built site on loopback below `base`. Port 0 is any free port. */
export async function serveSite(folder: string, base: string, port = 0) {
  const server = createServer((request, response) => {
    const path = decodedPath(request.url ?? '')
    const file = path?.startsWith(base) ? fileOf(folder, path.slice(base.length)) : undefined
    if (file === undefined) return void response.writeHead(404).end('no such page\n')
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' })
    createReadStream(file).pipe(response)
  })
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen(port, '127.0.0.1', resolve))
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}${base}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function decodedPath(url: string): string | undefined {
  try {
    return normalize(decodeURIComponent(new URL(url, 'http://site').pathname))
  } catch {
    return undefined
  }
}

/** Finds the file of a path, as GitHub Pages does. */
function fileOf(folder: string, path: string): string | undefined {
  const place = join(folder, path)
  const isFile = (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.isFile() ?? false
  return [place, `${place}.html`, join(place, 'index.html')].find(isFile)
}
