import { parseArgs } from 'node:util'
import { NopassError, toNopassError } from '../errors.ts'
import { SERVICE_ACCOUNT_DIR } from '../kube/connection.ts'

export interface HelperArguments {
  readonly config: string
  readonly secretsDir: string
  readonly serviceAccountDir: string
  readonly oidcTokenFile: string | undefined
  readonly httpAddress: string | undefined
  readonly statusAddress: string | undefined
}

const ADDRESS = /^(\[[0-9a-fA-F:]+\]|[^\s:]+):\d{1,5}$/

/** Parses the arguments of the chart's Deployment. Throws HELPER_ARGUMENTS. */
export function readHelperArguments(argv: readonly string[]): HelperArguments {
  const text = { type: 'string' } as const
  const options = {
    config: text,
    'secrets-dir': text,
    'serviceaccount-dir': text,
    'oidc-token-file': text,
    'http-address': text,
    'status-address': text,
  } as const
  let values: Partial<Record<keyof typeof options, string>>
  try {
    values = parseArgs({ args: [...argv], options, strict: true }).values
  } catch (error) {
    throw new NopassError('HELPER_ARGUMENTS', toNopassError(error).message)
  }
  const { config } = values
  if (config === undefined) throw new NopassError('HELPER_ARGUMENTS', '--config is missing')
  return {
    config,
    secretsDir: values['secrets-dir'] ?? '/etc/acr-nopass/secrets',
    serviceAccountDir: values['serviceaccount-dir'] ?? SERVICE_ACCOUNT_DIR,
    oidcTokenFile: values['oidc-token-file'],
    httpAddress: address('--http-address', values['http-address']),
    statusAddress: address('--status-address', values['status-address']),
  }
}

function address(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  // A bare IPv6 address of a Pod: its last part is the port.
  const bare = /^([0-9a-fA-F:]*:[0-9a-fA-F:]*):(\d{1,5})$/.exec(value)
  const text = bare ? `[${bare[1]}]:${bare[2]}` : value
  if (!ADDRESS.test(text)) throw new NopassError('HELPER_ARGUMENTS', `${name} is not host:port: ${value}`)
  return text
}
