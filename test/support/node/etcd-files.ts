import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster } from '../../../sandbox/cluster/start-cluster.ts'

/** The start of each temporary login's `auth`: `cr_temp_user:` in base64. */
export const LOGIN = 'Y3JfdGVtcF91c2Vy'

/** True if etcd's files have the text, which may be in any object. */
export function isInEtcd({ run }: Cluster, text: string): boolean {
  const logs = globSync('etcd-*/data/**/*.{wal,snap}', { cwd: run.folder })
  const databases = globSync('etcd-*/data/**/db', { cwd: run.folder })
  assert.ok(logs.length > 0 && databases.length > 0)
  return [...logs, ...databases].some((file) => readFileSync(join(run.folder, file)).includes(text))
}
