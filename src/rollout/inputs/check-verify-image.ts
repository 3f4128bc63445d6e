import { isCertainlyUncovered, mayServe } from '../../acr/coverage.ts'
import { parseImage } from '../../acr/registry-domains.ts'
import { NopassError } from '../../errors.ts'
import type { ResolvedValues } from '../../values/generated/resolved-values.ts'
import type { Inputs } from './input-table.ts'

/**
 * Returns the error of a `verify-image` that no registry in the values covers. Its pull would show
 * nothing about a login. Undefined if an instance may have a domain that only the cloud lists.
 */
export function findUncovered(
  { mode, verify, wait, 'verify-image': image }: Inputs,
  { registries, helper, retire }: ResolvedValues,
  cluster: string,
): NopassError | undefined {
  const isRun = verify && wait && !retire && ['validate', 'plan', 'apply'].includes(mode)
  if (image === '' || !isRun) return undefined
  const isUncovered = helper.enabled ? isCertainlyUncovered(registries, image) : !mayNodesServe(registries, image)
  if (!isUncovered) return undefined
  const { host } = parseImage(image)
  const message = `verify-image: no registry in the values covers ${host}, so a pull of ${image} would show nothing`
  return new NopassError('INPUT_INVALID', message, {
    hint: 'Name an image of a registry in the values, or add the host to `domains` of its registry.',
    place: { cluster },
  })
}

/**
 * True if the program on nodes may have a login for the image. It has no static logins, and does
 * not read an instance's list of domains.
 */
export function mayNodesServe(registries: ResolvedValues['registries'], image: string): boolean {
  return registries.some((entry) => entry.edition !== 'static' && mayServe(entry, parseImage(image)))
}
