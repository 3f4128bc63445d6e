import { randomBytes, randomInt, randomUUID } from 'node:crypto'

const ALPHANUMERIC = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789'
const LOWER = 'abcdefghijklmnopqrstuvwxyz0123456789'

export function randomText(length: number, alphabet: string = ALPHANUMERIC): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')
}

/** Random ids and secrets in the vendor's formats. */
export const newId = {
  request: (): string => randomUUID().toUpperCase(),
  accessKey: (): string => `LTAI5t${randomText(18)}`,
  secret: (): string => randomText(30),
  sessionKey: (): string => `STS.NU${randomText(26)}`,
  /** The content is random, and grows with the session policy as in the real cloud. */
  securityToken: (policy = ''): string => {
    return `CAIS${randomBytes(160 + Buffer.byteLength(policy))
      .toString('base64')
      .replace(/=+$/, '')}`
  },
  ramEntity: (): string => `3${randomText(17, '0123456789')}`,
  user: (): string => `2${randomText(17, '0123456789')}`,
  registryToken: (): string => randomBytes(48).toString('base64url'),
  instance: (): string => `cri-${randomText(16, LOWER)}`,
  nodePool: (): string => `np${randomBytes(16).toString('hex')}`,
} as const
