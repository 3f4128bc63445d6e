import type { CredentialGroup } from '../../src/helper/credentials/credential-groups.ts'
import type { SecretObject } from '../../src/helper/credentials/own-copy.ts'

/** The helper's own copy in the API server after the helper's apply. */
export function stored({ bodies }: CredentialGroup): SecretObject {
  const body = JSON.parse(String(Buffer.concat([...bodies.apply])))
  const fieldsV1 = {
    'f:data': { 'f:.dockerconfigjson': {} },
    'f:type': {},
    'f:metadata': { 'f:annotations': { 'f:acr-nopass.io/content-hash': {} } },
  }
  const managedFields = [{ manager: 'acr-nopass', operation: 'Apply' as const, fieldsV1 }]
  return {
    data: body.data,
    metadata: { uid: 'u', resourceVersion: '1', namespace: 'home', managedFields, ...body.metadata },
  }
}
