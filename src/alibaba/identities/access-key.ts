import { NopassError } from '../../errors.ts'
import type { CredentialProvider, Credentials } from '../credentials.ts'

export type ReadText = (file: string, signal?: AbortSignal) => Promise<string>

/**
 * An access key in a mounted Secret (files `accessKeyId`, `accessKeySecret`). The Secret may be
 * rotated, so it is read at each use.
 */
export function createAccessKeyProvider(directory: string, readText: ReadText): CredentialProvider {
  const hint = 'The Secret named in identity.accessKey.existingSecret needs the keys accessKeyId and accessKeySecret.'
  const readKey = async (key: string, signal?: AbortSignal): Promise<string> =>
    (await readMounted({ whose: 'access-key', file: `${directory}/${key}`, hint }, readText, signal)).trim()
  const read = async (signal?: AbortSignal): Promise<Credentials> => ({
    accessKeyId: await readKey('accessKeyId', signal),
    accessKeySecret: await readKey('accessKeySecret', signal),
  })
  return { name: 'access-key', sharedSession: false, get: read, fresh: read }
}

/**
 * Returns the text of a mounted file, without the final line feed that editors add.
 * @throws CREDENTIALS_MISSING
 */
export async function readMounted(
  { whose, file, hint }: { readonly whose: string; readonly file: string; readonly hint: string },
  readText: ReadText,
  signal?: AbortSignal,
): Promise<string> {
  const missing = (cause?: unknown): NopassError =>
    new NopassError('CREDENTIALS_MISSING', `${whose}: ${file} cannot be read or is empty`, { hint, cause })
  const text = await readText(file, signal).catch((error: unknown) => {
    throw missing(error)
  })
  if (text.trim() === '') throw missing()
  return text.replace(/\r?\n$/, '')
}

/**
 * The CLI's identity, from the standard variables of Alibaba Cloud's tools.
 * @throws CREDENTIALS_MISSING
 */
export function createEnvironmentProvider(env: NodeJS.ProcessEnv): CredentialProvider {
  const read = async (): Promise<Credentials> => {
    const accessKeyId = env.ALIBABA_CLOUD_ACCESS_KEY_ID?.trim()
    const accessKeySecret = env.ALIBABA_CLOUD_ACCESS_KEY_SECRET?.trim()
    const securityToken = env.ALIBABA_CLOUD_SECURITY_TOKEN?.trim()
    if (!accessKeyId || !accessKeySecret) {
      throw new NopassError('CREDENTIALS_MISSING', 'ALIBABA_CLOUD_ACCESS_KEY_ID or _SECRET is not set', {
        hint: 'Set both (and ALIBABA_CLOUD_SECURITY_TOKEN for a session), or role-to-assume in a workflow.',
      })
    }
    return { accessKeyId, accessKeySecret, ...(securityToken && { securityToken }) }
  }
  return { name: 'environment', sharedSession: false, get: read, fresh: read }
}
