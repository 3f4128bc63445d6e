import type { ReadText } from '../alibaba/identities/access-key.ts'
import type { Transport } from '../alibaba/transport/transport.ts'
import { NopassError } from '../errors.ts'
import type { RegistryConfig } from './registry-config.ts'
import type { LoginFetch } from './registry-token.ts'

export interface StaticDeps {
  readonly readText: ReadText
  readonly secretsDir: string
  readonly transport: Pick<Transport, 'clock'>
}

/** A user name and password from a mounted Secret, read again at each call: it may have been changed. */
export function createStaticFetch(registry: RegistryConfig, deps: StaticDeps): LoginFetch {
  const directory = `${deps.secretsDir}/registries/${registry.name}`
  return async (signal) => {
    const read = (key: string) => readLogin(registry.name, `${directory}/${key}`, deps.readText, signal)
    const username = await read('username')
    const password = await read('password')
    return { username, password, issuedAt: deps.transport.clock.now(), expiresAt: null, own: [] }
  }
}

async function readLogin(name: string, file: string, readText: ReadText, signal: AbortSignal): Promise<string> {
  const fail = (cause?: unknown): NopassError =>
    new NopassError('CREDENTIALS_MISSING', `registry ${name}: ${file} cannot be read or is empty`, {
      hint: 'The Secret named in existingSecret needs the keys username and password.',
      cause,
    })
  const text = await readText(file, signal).catch((error: unknown) => {
    throw fail(error)
  })
  // An editor's line feed at the end is no part of a password.
  const value = text.replace(/\r?\n$/, '')
  if (value === '') throw fail()
  return value
}
