import { readFile } from 'node:fs/promises'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import type { CredentialProvider, Credentials } from '../../src/alibaba/credentials.ts'
import { createRam, type Ram } from '../../src/alibaba/ram.ts'
import { type CloudTransport, createDefaultTransport } from '../../src/alibaba/transport/cloud-transport.ts'
import { createEndpoints, type Endpoints } from '../../src/alibaba/transport/endpoints.ts'

/** The product's own client, connected to an emulated cloud. */
export interface CloudClient {
  readonly transport: CloudTransport
  readonly endpoints: Endpoints
}

export function clientOf(cloud: Cloud, imds: string = cloud.endpoints.imds): CloudClient {
  const { ram, sts, cs, cr } = cloud.endpoints
  const endpoints = createEndpoints({ overrides: { ram, sts, cs, cr, imds }, region: cloud.regionId })
  return { transport: createDefaultTransport(), endpoints }
}

/** Credentials that never change. */
export function fixed(credentials: Credentials): CredentialProvider {
  const get = async (): Promise<Credentials> => credentials
  return { name: 'fixed', sharedSession: false, get, fresh: get }
}

/** Returns a RAM client of the account's administrator. */
export function administratorRam(cloud: Cloud): Ram {
  const { transport, endpoints } = clientOf(cloud)
  return createRam({ transport, endpoint: endpoints.url('ram'), credentials: fixed(cloud.administrator) })
}

/** Returns the calls that write, from a position in the log on. */
export function writesSince(cloud: Cloud, count: number): string[] {
  return cloud.calls
    .slice(count)
    .filter((call) => call.write)
    .map((call) => `${call.action}${call.code ? ` ${call.code}` : ''}`)
}

export const readText = (file: string): Promise<string> => readFile(file, 'utf8')
