import type { ResolvedValues } from './resolved-values.generated.ts'

export type NameValues = Pick<ResolvedValues, 'nameOverride' | 'fullnameOverride'>

/** The name of the chart's objects in the release's namespace, as chart/templates/_names.tpl has it (`acr-nopass.fullname`). */
export function fullNameOf(release: string, { nameOverride, fullnameOverride }: NameValues): string {
  if (fullnameOverride) return fullnameOverride
  const base = release.replaceAll('.', '-')
  const name = nameOverride || 'acr-nopass'
  return base.includes(name) ? base : `${base.slice(0, 42).replace(/-$/, '')}-${name}`
}

/** The name of the helper's ServiceAccount. */
export function serviceAccountOf(release: string, values: NameValues & Pick<ResolvedValues, 'serviceAccount'>): string {
  return values.serviceAccount.name || fullNameOf(release, values)
}
