import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parse } from 'yaml'

/**
 * Records every secret that the cloud issued, by kind. It reads the responses of the cloud, so it
 * does not depend on any program's report.
 */
export interface SecretRecorder extends AsyncDisposable {
  readonly origin: string
  readonly secrets: ReadonlyMap<string, ReadonlySet<string>>
}

/** Responses of AssumeRole with another identity's session. */
const CHAINED: Readonly<Record<string, string>> = {
  'key of a session': 'key of an assumed role',
  'session token': 'session token of an assumed role',
}

const FIELDS: Readonly<Record<string, string>> = {
  accesskeysecret: 'key of a session',
  securitytoken: 'session token',
  authorizationtoken: 'registry token',
  value: 'ID token',
}

/** Starts a proxy in front of the emulated cloud. */
export async function recordSecrets(upstream: string): Promise<SecretRecorder> {
  const secrets = new Map<string, Set<string>>()
  const note = (kind: string, secret: string): void => {
    secrets.set(kind, (secrets.get(kind) ?? new Set()).add(secret))
  }
  const { hostname, port } = new URL(upstream)
  const server = createServer((incoming, outgoing) => {
    // The request keeps the host that the client signed.
    const { url, method, headers } = incoming
    const onward = httpRequest({ hostname, port, path: url, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const body = Buffer.concat(chunks)
        const isChained = headers['x-acs-action'] === 'AssumeRole'
        readResponse(body.toString(), (kind, secret) => note((isChained && CHAINED[kind]) || kind, secret))
        outgoing.writeHead(response.statusCode ?? 500, response.headers).end(body)
      })
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secrets,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

type Note = (kind: string, secret: string) => void

function readResponse(text: string, note: Note): void {
  let response: unknown
  try {
    response = JSON.parse(text)
  } catch {
    return
  }
  collect(response, note)
}

function collect(value: unknown, note: Note): void {
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value)) {
    const kind = FIELDS[name.toLowerCase()]
    if (typeof inner !== 'string') collect(inner, note)
    else if (kind !== undefined && inner.length >= 16) note(kind, inner)
    else if (name === 'config') for (const secret of kubeconfigSecrets(inner)) note('key of a kubeconfig', secret)
  }
}

function kubeconfigSecrets(text: string): readonly string[] {
  const { users = [] } = parse(text) ?? {}
  return users.flatMap(({ user }: { user: Record<string, string> }) =>
    ['client-key-data', 'token', 'password'].flatMap((field) => user[field] ?? []),
  )
}
