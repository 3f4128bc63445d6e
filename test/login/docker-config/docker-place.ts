import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../src/lib/clock.ts'
import type { DockerConfigDeps } from '../../../src/login/docker-config/config-lock.ts'
import { removeLogins } from '../../../src/login/docker-config/remove-logins.ts'
import { type StoreRequest, storeLogins } from '../../../src/login/docker-config/store-logins.ts'

export const DOMAIN = 'shop-registry.cn-hangzhou.cr.aliyuncs.com'
export const VPC_DOMAIN = 'shop-registry-vpc.cn-hangzhou.cr.aliyuncs.com'
export const PASSWORD = 'S3CR3T-token'
export const LOGIN = { domain: DOMAIN, username: 'cr_temp_user', password: PASSWORD }
export const HOUR = 3_600_000

export function auth(login: string): { readonly auth: string } {
  return { auth: Buffer.from(login).toString('base64') }
}

/** A home of a user, with a Docker configuration if `config` is given. */
export function createPlace(config?: object | string, deps: Partial<DockerConfigDeps> = {}) {
  const root = mkdtempSync(join(tmpdir(), 'docker-'))
  const [folder, temporaryFolder] = [join(root, '.docker'), join(root, 'runner')]
  const file = join(folder, 'config.json')
  mkdirSync(temporaryFolder)
  if (config !== undefined) {
    mkdirSync(folder)
    writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config))
  }
  const allDeps: DockerConfigDeps = { pid: process.pid, clock: systemClock, environment: {}, ...deps }
  const request: StoreRequest = {
    folder,
    temporaryFolder,
    config: 'merge',
    logins: [LOGIN],
    expiresAt: allDeps.clock.now() + HOUR,
  }
  return {
    root,
    folder,
    temporaryFolder,
    file,
    text: () => readFileSync(file, 'utf8'),
    content: () => JSON.parse(readFileSync(file, 'utf8')),
    store: (changes: Partial<StoreRequest> = {}) => storeLogins({ ...request, ...changes }, allDeps, () => undefined),
    storeRecorded: (record: Parameters<typeof storeLogins>[2], changes: Partial<StoreRequest> = {}) =>
      storeLogins({ ...request, ...changes }, allDeps, record),
    remove: (receipt: Parameters<typeof removeLogins>[0]) => removeLogins(receipt, allDeps),
  }
}
