import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectSample } from '../support/sample.ts'
import { CHANGING, docsPage, followQuickStart, servedNamespaces } from './support/quick-start.ts'

test('the quick start on ACK works as described when it is followed word for word', () =>
  followQuickStart(
    {
      pages: docsPage('quick-start-ack'),
      clusters: { staging: 'c8f3d0a61b7e94c25a0d3f86e12b47c90', production: 'c2e9b75f4d0a813c6f72a4d5098e1b36f' },
      image: 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com/shop/hello',
    },
    async ({ fixture, reader, writes, printed, results }) => {
      assert.deepEqual(writes, [
        { block: 1, does: 'npm install', calls: [] },
        { block: 2, does: 'acr-nopass validate', calls: [] },
        { block: 3, does: 'acr-nopass plan', calls: [] },
        { block: 4, does: 'acr-nopass apply', calls: ['CreateRole', 'CreatePolicy', 'AttachPolicyToRole'] },
        { block: 5, does: 'kubectl create', calls: [] },
        { block: 6, does: 'host=token.actions.githubusercontent.com openssl', calls: ['CreateOIDCProvider'] },
        { block: 7, does: 'acr-nopass validate', calls: [] },
        { block: 8, does: 'aliyun ram', calls: ['CreateRole', 'CreatePolicy', 'AttachPolicyToRole'] },
        { block: 9, does: 'role_id="$(aliyun ram', calls: ['GrantPermissions'] },
        { block: 10, does: 'git add', calls: [] },
        { block: 11, does: 'sed -i.bak', calls: ['CreateRole', 'CreatePolicy', 'AttachPolicyToRole'] },
        { block: 12, does: 'acr-nopass uninstall', calls: ['DetachPolicyFromRole', 'DeletePolicy', 'DeleteRole'] },
        { block: 13, does: 'acr-nopass plan', calls: ['CreatePolicy', 'AttachPolicyToRole'] },
        { block: 14, does: 'acr-nopass uninstall', calls: ['DetachPolicyFromRole', 'DeletePolicy'] },
      ])
      const [, , plan = '', apply = '', pull = '', , , , , , , uninstall = ''] = results
      expectSample('plan', plan, CHANGING)
      expectSample('apply', apply, CHANGING)
      expectSample('first-pull', pull, CHANGING)
      expectSample('uninstall', uninstall, CHANGING)
      assert.match(printed[4] ?? '', /\npod\/hello condition met\n[\s\S]*\nall is well\n/)
      const [planned = '', applied = ''] = reader.summaries
      assert.match(planned, /### acr-nopass plan: 1 planned, 1 unchanged/)
      assert.match(applied, /### acr-nopass apply: 1 deployed, 1 unchanged/)
      assert.deepEqual(await servedNamespaces(fixture), [[], ['acr-nopass', 'default']])
    },
  ))
