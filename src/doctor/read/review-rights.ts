import type { KubeClient } from '../../kube/client.ts'
import { formatRight } from '../../release/access-review.ts'
import type { Right } from '../../release/granted-rights.ts'
import type { Reader } from '../../release/reader.ts'
import type { HelperConfig } from '../../values/helper-config.generated.ts'
import { helperRights } from './helper-rights.ts'

/** Asks the API server what the helper's ServiceAccount may not do; undefined: the caller may not ask, or there is nothing to ask by. */
export async function reviewRights(
  client: KubeClient,
  reader: Reader,
  config: HelperConfig | undefined,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  if (config === undefined) return undefined
  const { namespace, serviceAccount } = config.release
  const subject = {
    user: `system:serviceaccount:${namespace}:${serviceAccount}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  }
  const ask = async (right: Right): Promise<readonly string[]> => {
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { ...subject, resourceAttributes: right },
    }
    const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews'
    const review = await client.request<{ status?: { allowed?: boolean } }>({ method: 'POST', path, body }, signal)
    return review.status?.allowed === true ? [] : [formatRight(right)]
  }
  return reader.attempt("The helper's rights (SubjectAccessReview)", async () => {
    return (await Promise.all(helperRights(config).map(ask))).flat()
  })
}
