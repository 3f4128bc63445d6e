import type { Operation } from './operation.ts'
import { CR_OPERATIONS } from './operations-cr.ts'
import { CR_ENDPOINT_OPERATIONS } from './operations-cr-endpoint.ts'
import { CR_PERSONAL_OPERATIONS } from './operations-cr-personal.ts'
import { CS_OPERATIONS } from './operations-cs.ts'
import { IMS_OPERATIONS } from './operations-ims.ts'
import { RAM_ATTACH_OPERATIONS } from './operations-ram-attach.ts'
import { RAM_POLICY_OPERATIONS } from './operations-ram-policy.ts'
import { RAM_ROLE_OPERATIONS } from './operations-ram-role.ts'
import { RAM_TAG_OPERATIONS } from './operations-ram-tag.ts'
import { RAM_USER_OPERATIONS } from './operations-ram-user.ts'
import { STS_OPERATIONS } from './operations-sts.ts'

/** The whole table. A new operation is one row in its product's file. */
export const OPERATIONS: readonly Operation[] = [
  ...RAM_POLICY_OPERATIONS,
  ...RAM_ATTACH_OPERATIONS,
  ...RAM_ROLE_OPERATIONS,
  ...RAM_USER_OPERATIONS,
  ...RAM_TAG_OPERATIONS,
  ...IMS_OPERATIONS,
  ...STS_OPERATIONS,
  ...CS_OPERATIONS,
  ...CR_OPERATIONS,
  ...CR_ENDPOINT_OPERATIONS,
  ...CR_PERSONAL_OPERATIONS,
]
