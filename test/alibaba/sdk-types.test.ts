import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ramChange } from '../../src/alibaba/ram.ts'
import type { CsReads, RamReads, StsSessions } from '../../src/alibaba/sdk-types.ts'

// The compiler checks this file (`npm run check`). Each expected error is a name that the vendor's
// SDK does not have.

test('a change of RAM has the names of its operation and parameters as they are sent', () => {
  assert.deepEqual(ramChange('DeletePolicy', { PolicyName: 'p', CascadingDelete: true }), [
    'DeletePolicy',
    { PolicyName: 'p', CascadingDelete: true },
  ])
})

test('a name that an operation does not have does not compile', () => {
  // @ts-expect-error the operation is DeletePolicy
  ramChange('RemovePolicy', { PolicyName: 'p' })
  // @ts-expect-error the parameter is PolicyName
  ramChange('DeletePolicy', { Policy: 'p' })
  const more = { PolicyName: 'p', Force: true }
  // @ts-expect-error also in an object that was built before
  ramChange('DeletePolicy', more)
  // @ts-expect-error the parameter is RoleSessionName
  const session: StsSessions['AssumeRole'] = { SessionName: 's' }
  // @ts-expect-error the field is worker_ram_role_name
  const role = (detail: CsReads['DescribeClusterDetail'][1]) => detail.worker_role_name
  // @ts-expect-error the field is PolicyDocument
  const document = ({ DefaultPolicyVersion }: RamReads['GetPolicy'][1]) => DefaultPolicyVersion?.Document
  assert.deepEqual([session, role({}), document({})], [{ SessionName: 's' }, undefined, undefined])
})
