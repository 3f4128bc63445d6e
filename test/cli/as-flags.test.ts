import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asFlags, quotedAsFlags } from '../../src/cli/rollout/as-flags.ts'
import { runBin } from './run-bin.ts'

test('inputs of the action are flags on the command line; keys, codes and commands are unchanged', () => {
  assert.equal(asFlags('Set `confirm: acr-nopass/1`.'), 'Set `--confirm acr-nopass/1`.')
  assert.equal(
    asFlags('Set `clusters` or `clusters-file`, or `ack-cluster-id` and `region`.'),
    'Set `--clusters` or `--clusters-file`, or `--ack-cluster-id` and `--region`.',
  )
  const other = 'Remove `replicaCount`; see `kubectl get pods` and `identity.type`.'
  assert.equal(asFlags(other), other)
})

test('a note that begins with a word of its own, such as the registries that were verified, is not taken for an input', () => {
  assert.equal(quotedAsFlags('registries: prod accepted'), 'registries: prod accepted')
  assert.equal(quotedAsFlags('See `values-files`.'), 'See `-f`.')
})

test('an uninstall that is not confirmed names the flag that confirms it', async () => {
  const cluster = ['--ack-cluster-id', 'c8f3d0a61b7e94c25a0d3f86e12b47c90', '--region', 'cn-hangzhou']
  const { code, stderr } = await runBin(['uninstall', ...cluster, '-f', 'examples/values/enterprise-worker-role.yaml'])
  assert.equal(code, 2)
  assert.match(stderr, /^INPUT_CONFIRM: .*\n {2}fix: Set `--confirm acr-nopass\/1`\.\n$/)
})
