import assert from 'node:assert/strict'
import { test } from 'node:test'
import { liveText, readWorkflowRecord } from '../../../sandbox/workflow/run-workflow.ts'

const line = (fields: object): string => JSON.stringify({ job: 'w/rollout', step: './', stage: 'Main', ...fields })

test('a workflow record has the summary, the outputs and the lines that the steps wrote', () => {
  const record = readWorkflowRecord(
    [
      line({ msg: '⭐ Run Main ./' }),
      line({ raw_output: true, msg: 'staging: deployed\n' }),
      line({ command: 'set-output', name: 'results', arg: '[{"name":"staging"}]', msg: 'x' }),
      line({ command: 'error', raw: '::error title=X::boo\n', msg: '  ❗  ::error title=X::boo\n' }),
      line({ stepResult: 'success', msg: '  ✅  Success' }),
      line({ command: 'summary', content: '### done\n', msg: '  ⚙  Summary' }),
      'no JSON at all',
    ],
    0,
  )
  assert.deepEqual(record, {
    succeeded: true,
    summary: '### done\n',
    outputs: { results: '[{"name":"staging"}]' },
    log: ['staging: deployed', '::error title=X::boo', 'no JSON at all'],
  })
})

test('P6 a masked secret is not in the record, although act prints it', () => {
  const record = readWorkflowRecord(
    [line({ command: 'add-mask', arg: 's3cret', raw: '::add-mask::s3cret', msg: '***' })],
    1,
  )
  assert.ok(!JSON.stringify(record).includes('s3cret'))
  assert.equal(record.succeeded, false)
})

test('only what steps write is shown as progress', () => {
  assert.equal(liveText(line({ raw_output: true, msg: 'hello\n' })), 'hello')
  assert.equal(liveText(line({ msg: '⭐ Run Main ./' })), undefined)
})
