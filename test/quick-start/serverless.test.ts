import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectSample } from '../support/sample.ts'
import { CHANGING, docsPage, followQuickStart, servedNamespaces } from './support/quick-start.ts'

test('the quick start on ACK Serverless works as described when it is followed word for word', () =>
  followQuickStart(
    {
      pages: docsPage('quick-start-serverless'),
      clusters: { serverless: 'c1d7b2e94f0a836c5f72a4d5098e1b360' },
      kind: 'serverless',
      image: 'images.example.com/shop/hello',
      role: 'acr-nopass-eci',
    },
    async ({ fixture, writes, printed, results }) => {
      assert.deepEqual(writes, [
        { block: 1, does: 'npm install', calls: [] },
        { block: 2, does: 'acr-nopass validate', calls: [] },
        { block: 3, does: 'acr-nopass apply', calls: ['CreateRole', 'CreatePolicy', 'AttachPolicyToRole'] },
        { block: 4, does: 'kubectl create', calls: [] },
        { block: 5, does: 'acr-nopass uninstall', calls: ['DetachPolicyFromRole', 'DeletePolicy', 'DeleteRole'] },
        { block: 6, does: 'aliyun ram', calls: ['CreateRole'] },
        { block: 7, does: 'acr-nopass plan', calls: ['CreatePolicy', 'AttachPolicyToRole'] },
        { block: 8, does: 'acr-nopass uninstall', calls: ['DetachPolicyFromRole', 'DeletePolicy'] },
      ])
      const [, plan = '', , pull = '', uninstall = ''] = results
      expectSample('plan-serverless', plan, CHANGING)
      expectSample('first-pull-serverless', pull, CHANGING)
      expectSample('uninstall-serverless', uninstall, CHANGING)
      assert.match(printed[3] ?? '', /\npod\/hello condition met\n[\s\S]*\nall is well\n/)
      assert.deepEqual(await servedNamespaces(fixture), [[]])
    },
  ))
