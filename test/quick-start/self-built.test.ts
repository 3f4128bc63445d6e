import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectSample } from '../support/sample.ts'
import { CHANGING, docsPage, followQuickStart, servedNamespaces } from './support/quick-start.ts'

test('the quick start on a self-built cluster works as described when it is followed word for word', () =>
  followQuickStart(
    {
      pages: docsPage('quick-start-self-built'),
      clusters: { datacenter: 'c0b1d7e92f4a836c5f72a4d5098e1b360' },
      registersIssuer: true,
      image: 'demo-registry.cn-hangzhou.cr.aliyuncs.com/shop/hello',
    },
    async ({ fixture, writes, printed, results }) => {
      assert.deepEqual(writes, [
        { block: 1, does: 'npm install', calls: [] },
        { block: 2, does: 'kubectl get', calls: ['CreateOIDCProvider'] },
        { block: 3, does: 'acr-nopass validate', calls: [] },
        { block: 4, does: 'aliyun ram', calls: ['CreateRole', 'CreatePolicy', 'AttachPolicyToRole'] },
        { block: 5, does: 'acr-nopass apply', calls: [] },
        { block: 6, does: 'kubectl create', calls: [] },
        { block: 7, does: 'acr-nopass uninstall', calls: [] },
        { block: 8, does: 'acr-nopass validate', calls: ['CreateUser', 'CreatePolicy', 'AttachPolicyToUser'] },
        { block: 9, does: 'kubectl create', calls: ['CreateAccessKey'] },
        { block: 10, does: 'helm upgrade', calls: [] },
        { block: 11, does: 'set -e', calls: [] },
      ])
      const [, , , , apply = '', pull = '', uninstall = ''] = results
      expectSample('apply-self-built', apply, CHANGING)
      expectSample('first-pull-self-built', pull, CHANGING)
      expectSample('uninstall-self-built', uninstall, CHANGING)
      assert.match(printed[5] ?? '', /\npod\/hello condition met\n[\s\S]*\nall is well\n/)
      const principals = fixture.cloud.calls.flatMap(({ action, code, principal }) =>
        action === 'GetAuthorizationToken' && code === ''
          ? [principal.replace(/\/[^/]*$/, (end) => end.slice(0, 11))]
          : [],
      )
      const callers = [...new Set(principals)]
      assert.equal(callers.length, 2, callers.join())
      assert.match(callers.join(), /assumed-role\/acr-nopass-datacenter.*user\/acr-nopass$/)
      // The key of the new user went from the response into the cluster, and nowhere else.
      assert.doesNotMatch(printed.join('\n'), /accessKeySecret=|"AccessKeySecret"/)
      assert.deepEqual(await servedNamespaces(fixture), [[]])
    },
  ))
