import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildCredentialGroup } from '../../../src/helper/credentials/credential-group.ts'
import { DEFAULT_SECRET_NAME } from '../../../src/kube/names.ts'
import type { Child } from '../../../src/sandbox/process/child.ts'
import { type Bed, HELPER_USER, HOME, RELEASE } from './bed.ts'
import type { Attach, Contender } from './contender.ts'

const LIFE_MS = 3_600_000

/** The minimal program under the helper's own rights and guard, with the same flags of Node and a Secret of the same size. */
export function minimalContender(bed: Bed, program: string, attach: Attach): Contender {
  const { cluster, cloud } = bed
  const file = (name: string): string => join(cluster.folder, name)
  let child: Child | undefined
  const started = (): Child => {
    if (child === undefined) throw new Error('the minimal program does not run')
    return child
  }
  /** What the helper would write. */
  const writeBody = (by: 'apply' | 'patch'): void => {
    const issuedAt = Date.now()
    const expiresAt = issuedAt + LIFE_MS
    // As long as what the emulated cloud hands out.
    const login = { username: 'cr_temp_user', password: randomBytes(48).toString('base64url'), domains: cloud.domains }
    const live = { name: 'demo', fingerprint: '', refreshAt: expiresAt, token: { ...login, issuedAt, expiresAt } }
    const options = { secretName: DEFAULT_SECRET_NAME, instance: `${HOME}.${RELEASE}`, secretLabels: {} }
    const { bodies } = buildCredentialGroup('', [live], { ...options, authFormat: 'auth' })
    writeFileSync(file(`minimal-${by}.json`), Buffer.concat(bodies[by]), { mode: 0o600 })
  }
  return {
    username: HELPER_USER,
    attaches: attach === 'serviceAccounts',
    async start() {
      // Without a node: only its rights and its guard.
      await bed.install({ attach, replicas: 0 })
      writeBody('apply')
      writeFileSync(file('minimal-ca.pem'), cluster.caPem)
      const token = await cluster.serviceAccountToken(HOME, RELEASE, [], 7200)
      writeFileSync(file('minimal-token'), token, { mode: 0o600 })
      const files = ['minimal-ca.pem', 'minimal-token', 'minimal-apply.json', 'minimal-patch.json'].map(file)
      child = await cluster.run.start({
        name: 'minimal',
        command: process.execPath,
        args: ['--optimize-for-size', program, cluster.server, ...files, DEFAULT_SECRET_NAME, attach],
      })
    },
    process: () => started().id,
    async rotate() {
      writeBody('patch')
      const due = performance.now()
      started().signal('SIGHUP')
      return due
    },
  }
}
