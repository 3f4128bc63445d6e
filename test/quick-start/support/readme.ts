import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { ROOT } from '../../support/registry/release-registry.ts'
import { followQuickStart, servedNamespaces } from './quick-start.ts'

/** The workflow that test/action/workflows runs in a real engine. */
const RUN = 'examples/workflows/rollout.yml'
const CLUSTER = 'c8f3d0a61b7e94c25a0d3f86e12b47c90'

/** Follows both READMEs after `change`. `install` is the command that brings the command line. */
export function followReadme(title: string, change: (page: string) => string, install: 'npm ci' | 'npm install'): void {
  test(title, () =>
    followQuickStart(
      {
        pages: { en: 'README.md', zh: 'README.zh-CN.md' },
        change,
        inClone: install === 'npm ci',
        clusters: { staging: CLUSTER },
        issuer: `https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/${CLUSTER}`,
        image: 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com/shop/hello',
      },
      async ({ fixture, reader, writes, printed }) => {
        const role = ['CreateRole', 'CreatePolicy', 'AttachPolicyToRole']
        assert.deepEqual(writes, [
          { block: 1, does: 'npm run', calls: [] },
          { block: 2, does: install, calls: role },
          {
            block: 3,
            does: `export ISSUER=https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/${CLUSTER}`,
            calls: role,
          },
          { block: 4, does: 'acr-nopass uninstall', calls: ['DetachPolicyFromRole', 'DeletePolicy', 'DeleteRole'] },
        ])
        assert.match(printed[2] ?? '', /STATUS: deployed/)
        assert.deepEqual(await servedNamespaces(fixture), [[]])
        const jobOf = (text: string) => {
          const [, step] = parse(text).jobs.rollout.steps
          const { endpoints: _, ...inputs } = step.with
          return { permissions: parse(text).permissions, inputs }
        }
        const [shown, run] = [join(reader.folder, '.github/workflows/acr-nopass.yml'), join(ROOT, RUN)]
        assert.deepEqual(jobOf(await readFile(shown, 'utf8')), jobOf(await readFile(run, 'utf8')))
      },
    ),
  )
}
