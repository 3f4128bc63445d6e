import assert from 'node:assert/strict'
import { test } from 'node:test'
import { followQuickStart, servedNamespaces } from './support/quick-start.ts'

test('the README works as described when it is followed word for word, by the command line, with Helm alone, and back', () =>
  followQuickStart(
    {
      pages: { en: 'README.md', zh: 'README.zh-CN.md' },
      clusters: { staging: 'c8f3d0a61b7e94c25a0d3f86e12b47c90' },
      image: 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com/shop/hello',
    },
    async ({ fixture, writes, printed }) => {
      assert.deepEqual(writes, [
        { block: 1, does: 'npm install', calls: [] },
        { block: 2, does: 'export CLUSTER=c8f3d0a61b7e94c25a0d3f86e12b47c90', calls: [] },
        { block: 3, does: 'acr-nopass apply', calls: ['CreateRole', 'CreatePolicy', 'AttachPolicyToRole'] },
        { block: 4, does: 'kubectl get', calls: ['CreateRole', 'CreatePolicy', 'AttachPolicyToRole'] },
        { block: 5, does: 'acr-nopass uninstall', calls: ['DetachPolicyFromRole', 'DeletePolicy', 'DeleteRole'] },
      ])
      assert.match(printed[3] ?? '', /STATUS: deployed/)
      assert.deepEqual(await servedNamespaces(fixture), [[]])
    },
  ))
