import { createTargets } from '../../installation/targets.ts'
import { formatRight, missingRights, type Right, rights } from '../../kube/read/access-review.ts'
import type { Reader } from '../../kube/read/reader.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'

const WHAT = "The helper's rights (SubjectAccessReview)"

/**
 * Reviews which rights the helper's ServiceAccount lacks, and which rights it has that the chart
 * never grants. Empty if the caller may not review, or too little is known.
 */
export async function reviewRights(
  reader: Reader,
  config: HelperConfig | undefined,
): Promise<{ readonly missingRights?: readonly string[]; readonly excessRights?: readonly string[] }> {
  if (config === undefined) return {}
  const { namespace, serviceAccount } = config.release
  const subject = {
    user: `system:serviceaccount:${namespace}:${serviceAccount}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  }
  const { needed, unreviewed } = helperRights(config)
  const review = reader.attempt(WHAT, async () => {
    const forbidden = forbiddenRights(config)
    const undecided = new Set<string>()
    const onUndecided = (_right: Right, why: string): void => void undecided.add(why)
    const [missing, denied] = await Promise.all([
      missingRights(reader, needed, subject, onUndecided),
      missingRights(reader, forbidden, subject, onUndecided),
    ])
    for (const why of undecided) reader.note(WHAT, why)
    if (unreviewed > 0) reader.note(WHAT, `those in ${unreviewed} more of the listed namespaces are not reviewed`)
    const excess = forbidden.filter((right) => !denied.includes(right))
    return { missingRights: missing.map(formatRight), excessRights: excess.map(formatRight) }
  })
  return (await review) ?? {}
}

/**
 * P5: the rights that the chart never grants to the helper, in the whole cluster and in the
 * helper's own namespace.
 */
function forbiddenRights({ release, secretName }: HelperConfig): readonly Right[] {
  const inside = [{}, { namespace: release.namespace }].flatMap((where) => [
    ...rights(['get', 'list', 'create', 'patch', 'delete'], 'secrets', where),
    ...rights(['get', 'update', 'delete'], 'secrets', { ...where, name: secretName }),
    ...rights(['create', 'delete'], 'pods', where),
    ...rights(['create', 'delete'], 'serviceaccounts', where),
  ])
  const escalating = rights(['escalate', 'bind'], 'clusterroles', { group: 'rbac.authorization.k8s.io' })
  return [...inside, ...escalating, ...rights(['impersonate'], 'users')]
}

/** How many listed namespaces are reviewed, with about eight requests each. */
const NAMESPACES = 50

/**
 * The rights that the helper needs in its mode, equal to the rules of the chart
 * (chart/templates/_rules.tpl, role.yaml).
 */
function helperRights(config: HelperConfig): { readonly needed: readonly Right[]; readonly unreviewed: number } {
  const { release } = config
  const listed = new Set([release.namespace, ...createTargets(config).listedNamespaces])
  const places = config.scope === 'cluster' ? [undefined] : [...listed].slice(0, NAMESPACES)
  const needed = [
    // The right to create the Lease is not required: releases of 1.0.0 lack it, and usually the
    // Lease exists.
    ...rights(['get', 'watch', 'update'], 'leases', {
      group: 'coordination.k8s.io',
      namespace: release.namespace,
      name: release.lease,
    }),
    ...rights(['get', 'watch', 'patch'], 'configmaps', { namespace: release.namespace, name: release.status }),
    ...places.flatMap((namespace) => rightsIn(namespace, config)),
  ]
  return { needed, unreviewed: config.scope === 'cluster' ? 0 : listed.size - places.length }
}

function rightsIn(namespace: string | undefined, config: HelperConfig): readonly Right[] {
  const where = namespace === undefined ? {} : { namespace }
  const attaches = config.attach !== 'admission'
  const [plain] = config.targets.serviceAccounts.include
  const isOwn = namespace === config.release.namespace
  return [
    ...(namespace === undefined
      ? rights(['list', 'watch'], 'namespaces')
      : rights(['get'], 'namespaces', { namespace, name: namespace })),
    ...rights(['list', 'watch', 'create', 'patch'], 'secrets', { ...where, name: config.secretName }),
    ...(attaches ? rights(['list', 'watch'], 'serviceaccounts', where) : []),
    ...(attaches && plain !== undefined && !isOwn
      ? rights(['patch'], 'serviceaccounts', { ...where, ...(plain.includes('*') ? {} : { name: plain }) })
      : []),
    // Some versions also patch Events. Without that right only the count of an Event is lost.
    ...rights(['create'], 'events', where),
    ...((config.watchPods || config.heal) && !isOwn ? rights(['list', 'watch'], 'pods', where) : []),
  ]
}
