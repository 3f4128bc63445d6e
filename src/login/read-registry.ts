import { personalDomains } from '../acr/registry-domains.ts'
import { NopassError } from '../errors.ts'

/** What the input `registry` names. */
export type NamedRegistry =
  | { readonly edition: 'enterprise'; readonly region: string; readonly instanceId: string }
  /** The instance is looked up by its domain. `instanceName` is only likely. */
  | {
      readonly edition: 'enterprise'
      readonly region: string
      readonly domain: string
      readonly instanceName: string | undefined
    }
  | { readonly edition: 'personal'; readonly region: string }

/**
 * Reads the input `registry`: an id such as `cri-abc123`, or one of the registry's domains.
 * @throws INPUT_INVALID, INPUT_MISSING, INPUT_CONFLICT, LOGIN_FIXED_PASSWORD
 */
export function readRegistry(registry: string, region: string): NamedRegistry {
  const name = registry.toLowerCase()
  if (name.startsWith('crpi-')) throw fixedPassword(`${name} is an instance of the new Personal Edition, which`)
  if (/^cri-[a-z0-9]+$/.test(name))
    return { edition: 'enterprise', region: requireRegion(name, region), instanceId: name }
  if (!DOMAIN.test(name)) {
    throw new NopassError('INPUT_INVALID', `registry: "${registry}" is neither an instance id nor a domain`, {
      hint: 'Write an id such as `cri-abc123`, or a domain without scheme and path, such as `shop-registry.cn-hangzhou.cr.aliyuncs.com`.',
    })
  }
  const [, instanceName, ownRegion] = ENTERPRISE.exec(name) ?? []
  if (ownRegion !== undefined) {
    return { edition: 'enterprise', region: sameRegion(name, ownRegion, region), domain: name, instanceName }
  }
  const [, personalRegion = ''] = PERSONAL.exec(name) ?? []
  if (personalDomains(personalRegion).some(({ domain }) => domain === name)) {
    return { edition: 'personal', region: sameRegion(name, personalRegion, region) }
  }
  return { edition: 'enterprise', region: requireRegion(name, region), domain: name, instanceName: undefined }
}

const DOMAIN = /^(?=.{3,253}$)([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z]([-a-z0-9]*[a-z0-9])?$/

/**
 * `<instance name>-registry.<region>.cr.aliyuncs.com`:
 * https://www.alibabacloud.com/help/en/acr/user-guide/configure-access-credentials
 */
const ENTERPRISE = /^([a-z0-9][a-z0-9-]*?)-registry(?:-vpc)?\.([a-z0-9-]+)\.cr\.aliyuncs\.com$/

/** The label before the region is one of those in registry-domains.ts. */
const PERSONAL = /^registry[a-z-]*\.([a-z0-9-]+)\.aliyuncs\.com$/

function requireRegion(registry: string, region: string): string {
  if (region !== '') return region
  throw new NopassError('INPUT_MISSING', `registry: ${registry} needs \`region\``, {
    hint: 'Set `region` to the region of the instance, such as cn-hangzhou.',
  })
}

function sameRegion(registry: string, own: string, region: string): string {
  if (region === '' || region === own) return own
  throw new NopassError('INPUT_CONFLICT', `registry: ${registry} is in ${own}, but region is ${region}`, {
    hint: 'Remove `region`, or correct it.',
  })
}

/** Source: NEW_PERSONAL_EDITION in src/values/schema/form-errors.ts. */
export function fixedPassword(what: string): NopassError {
  return new NopassError('LOGIN_FIXED_PASSWORD', `${what} has only its fixed password`)
}
