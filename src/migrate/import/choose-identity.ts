import type { LegacyFacts } from '../remove/collect-facts.ts'
import type { ImportLog } from './import-log.ts'
import type { AddonEntry } from './read-entry.ts'
import type { AddonSettings } from './read-settings.ts'

/** The ServiceAccount that an RRSA role must trust. */
export interface ServiceAccountName {
  readonly namespace: string
  readonly name: string
}

const KEY_SECRET = 'acr-nopass-key'

/**
 * Chooses one identity for the release. The old helper could have one identity per instance, a
 * release has one in total.
 */
export function chooseIdentity(
  settings: AddonSettings | undefined,
  facts: Pick<LegacyFacts, 'addonKey'>,
  release: ServiceAccountName,
  log: ImportLog,
) {
  const entries = settings?.entries ?? []
  const keys = new Set(entries.flatMap(({ keyFingerprint }) => keyFingerprint ?? []))
  const withRole = settings?.rrsa ? entries.filter(({ rrsaRole }) => rrsaRole !== undefined) : []
  if (keys.size > 0) {
    const mixed = keys.size > 1 || entries.some(({ keyFingerprint }) => keyFingerprint === undefined)
    return mixed
      ? refuseIdentity('AccessKeys', entries, log)
      : useAccessKey(KEY_IN_CONFIG, 'The AccessKey was in plain text.', release, log)
  }
  if (withRole.length > 0) return useRrsa(withRole, entries, release, log)
  if (facts.addonKey)
    return useAccessKey(KEY_IN_SECRET, 'As the old helper, by the AccessKey of a RAM user.', release, log)
  log.note('todo', RIGHTS)
  if (settings?.rrsa) log.note('changed', 'RRSA was on, but no entry named a role for it.')
  if (entries.some(({ rrsaRole }) => rrsaRole !== undefined)) {
    log.note('dropped', '`rrsaRoleARN`: RRSA was off, so the role was not used.')
  }
  const comment = 'The RAM role of the nodes. On ACK with RRSA `type: rrsa` is better: only the helper has its rights.'
  return { values: { type: 'worker-role' }, comments: [comment] }
}

const RIGHTS =
  'The RAM role of the nodes needs the rights to pull: `apply --ack-cluster-id …` grants them, `policy -f` prints them. (An installation of the helper of Alibaba since 2023-04 uses its own role, AliyunCSManagedAcrRole, which no one else can use.)'
const KEY_IN_CONFIG =
  'The AccessKey in the old configuration is not copied: it was there in plain text, so create a new one and disable the old one after the switch.'
const KEY_IN_SECRET =
  'The AccessKey is read from a Secret of the release: copy kube-system/alibaba-addon-secret (`access-key-id`, `access-key-secret`).'

function useAccessKey(why: string, comment: string, { namespace }: ServiceAccountName, log: ImportLog) {
  const place = `Secret ${namespace}/${KEY_SECRET} with the keys accessKeyId and accessKeySecret`
  log.note('todo', `${why} Make the ${place}.`)
  const values = { type: 'access-key', accessKey: { existingSecret: KEY_SECRET } }
  return { values, comments: [comment, `It is read from ${place}.`] }
}

function useRrsa(
  withRole: readonly AddonEntry[],
  entries: readonly AddonEntry[],
  { namespace, name }: ServiceAccountName,
  log: ImportLog,
) {
  const roles = [...new Set(withRole.map(({ rrsaRole = '' }) => rrsaRole))]
  const providers = [...new Set(withRole.flatMap(({ rrsaProvider }) => rrsaProvider ?? []))]
  const [roleArn = ''] = roles
  const [oidcProviderArn] = providers
  if (roles.length > 1 || providers.length > 1) return refuseIdentity('RRSA roles', withRole, log)
  if (oidcProviderArn === undefined) {
    return log.fail('IMPORT_SETTING', `\`${withRole[0]?.place}.rrsaOIDCProviderRoleARN\` is missing`, PROVIDER)
  }
  const others = entries.filter(({ rrsaRole }) => rrsaRole === undefined).map(({ place }) => place)
  const subject = `system:serviceaccount:${namespace}:${name}`
  const trust = `The role ${roleArn} trusts only the old helper's ServiceAccount: add "${subject}" to \`oidc:sub\` in its trust policy, or let \`apply --ack-cluster-id …\` make a role.`
  log.note('todo', trust)
  if (others.length > 0) {
    const change = `was called with the cluster's own role, now with ${roleArn}, which needs the rights to pull from it`
    log.note('changed', `${others.join(', ')}: ${change}.`)
  }
  return {
    values: { type: 'rrsa', rrsa: { roleArn, oidcProviderArn } },
    comments: [`Its trust policy has to name ${subject}, in addition to the old helper's until that is removed.`],
  }
}

const PROVIDER = 'Write the ARN of the cluster\'s OIDC provider, as the console shows it beside "RRSA OIDC".'

function refuseIdentity(what: string, entries: readonly AddonEntry[], log: ImportLog): undefined {
  const places = entries.map(({ place }) => place).join(', ')
  log.fail('IMPORT_IDENTITIES', `${places}: several ${what}, and a release has one identity`)
}
