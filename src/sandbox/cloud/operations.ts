import { CR_ENDPOINT_OPERATIONS } from './cr/endpoints.ts'
import { CR_OPERATIONS } from './cr/instances.ts'
import { CR_PERSONAL_OPERATIONS } from './cr/personal.ts'
import { CS_OPERATIONS } from './cs/clusters.ts'
import type { Operation } from './operation.ts'
import { RAM_ATTACH_OPERATIONS } from './ram/attachments.ts'
import { RAM_POLICY_OPERATIONS } from './ram/policies.ts'
import { RAM_ROLE_OPERATIONS } from './ram/roles.ts'
import { RAM_TAG_OPERATIONS } from './ram/tagging.ts'
import { RAM_USER_OPERATIONS } from './ram/users.ts'
import { IMS_OPERATIONS } from './sts/ims.ts'
import { STS_OPERATIONS } from './sts/operations.ts'

/** All operations. To add one, add a row to its product's file. */
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
