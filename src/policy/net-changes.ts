import { shorten } from '../lib/text.ts'
import { type PolicyDocument, type Statement, withoutGrants } from './normal-form.ts'
import type { PolicyStep } from './policy-target.ts'

/** Further items of a list are only counted, because the plan's diff has the full text. */
const SHOWN = 3

/** Returns one line for each role and policy: what it gains and loses once all steps are done. */
export function describeNetChanges(steps: readonly PolicyStep[]): readonly string[] {
  const bySubject = Map.groupBy(steps, (step) => ('policy' in step ? `policy ${step.policy}` : `role ${step.role}`))
  return [...bySubject].map(
    ([subject, own]) => `${subject}: ${netWords(own, subject).join('; ') || 'in the end as before'}`,
  )
}

function netWords(steps: readonly PolicyStep[], subject: string): readonly string[] {
  const documents = steps.flatMap(documentsOf)
  const [before, after] = [documents[0]?.before, documents.at(-1)?.after]
  const isCreated = documents.length > 0 && before === undefined && after !== undefined
  const isDeleted =
    after === undefined && steps.some(({ do: what }) => what === 'delete-policy' || what === 'delete-role')
  return [
    ...(isCreated ? ['created'] : isDeleted ? ['deleted'] : []),
    ...difference(before, after),
    ...membershipChanges(steps, subject),
    ...(steps.some((step) => step.do === 'adopt-policy') ? ['marked as managed by acr-nopass'] : []),
    ...steps
      .flatMap((step) => (step.do === 'record-members' ? [`recorded users: ${step.members.join(', ')}`] : []))
      .slice(-1),
  ]
}

interface DocumentChange {
  readonly before: PolicyDocument | undefined
  readonly after: PolicyDocument | undefined
}

function documentsOf(step: PolicyStep): readonly DocumentChange[] {
  switch (step.do) {
    case 'create-role':
      return [{ before: undefined, after: step.trust }]
    case 'create-policy':
      return [{ before: undefined, after: step.document }]
    case 'update-trust':
    case 'update-policy':
      return [step]
    case 'delete-policy':
      return [{ before: step.before, after: undefined }]
    default:
      return []
  }
}

const EMPTY: PolicyDocument = { Version: '1', Statement: [] }

function difference(before: PolicyDocument = EMPTY, after: PolicyDocument = EMPTY): readonly string[] {
  const [gained, lost] = [withoutGrants(after, before).Statement, withoutGrants(before, after).Statement]
  const short = new Set(gained.map(shortGrant))
  // If statements differ only in an account or a condition, their short forms are equal, so the
  // full form is used.
  const words = lost.some((statement) => short.has(shortGrant(statement))) ? fullGrant : shortGrant
  return [
    ...(gained.length > 0 ? [`gains ${shorten(gained.map(words), SHOWN, ' and ')}`] : []),
    ...(lost.length > 0 ? [`loses ${shorten(lost.map(words), SHOWN, ' and ')}`] : []),
  ]
}

function shortGrant(statement: Statement): string {
  const { Effect, Action, Resource } = statement
  const denial = /^deny$/i.test(Effect) ? 'a denial of ' : ''
  if ('Principal' in statement) return `${denial}trust in ${describeTrusted(statement)}`
  const resources = listOf(Resource).map((one) => one.replace(/^acs:[^:]*:[^:]*:[^:]*:/, ''))
  const condition = 'Condition' in statement ? ' under a condition' : ''
  return `${denial}${shorten(listOf(Action), SHOWN)} on ${shorten(resources, SHOWN)}${condition}`
}

const fullGrant = (statement: Statement): string => JSON.stringify(statement)

/** Returns the subjects of an OIDC token with its provider's name, or the principal. */
function describeTrusted({ Principal, Condition }: Statement): string {
  const subjects = listOf(valueAt(valueAt(Condition, 'StringEquals'), 'oidc:sub'))
  const providers = listOf(valueAt(Principal, 'Federated')).map((arn) => arn.split('/').at(-1) ?? arn)
  if (subjects.length === 0) return JSON.stringify(Principal)
  return `${shorten(subjects, SHOWN)} of ${shorten(providers, SHOWN)}`
}

function valueAt(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
}

function listOf(value: unknown): readonly string[] {
  return value === undefined ? [] : [value].flat().map(String)
}

/** Returns the roles that the policy is attached to only after the steps, or only before them. */
function membershipChanges(steps: readonly PolicyStep[], subject: string): readonly string[] {
  const moves = steps.flatMap((step) => (step.do === 'attach' || step.do === 'detach' ? [step] : []))
  const net = [...Map.groupBy(moves, ({ role }) => role).values()].flatMap((own) => {
    return own[0]?.do === own.at(-1)?.do ? own.slice(0, 1) : []
  })
  const rolesOf = (what: 'attach' | 'detach'): readonly string[] =>
    net.flatMap((one) =>
      one.do === what ? [subject === `policy ${one.role}` ? 'the role of the same name' : one.role] : [],
    )
  const [attached, detached] = [rolesOf('attach'), rolesOf('detach')]
  return [
    ...(attached.length > 0 ? [`attached to ${shorten(attached, SHOWN)}`] : []),
    ...(detached.length > 0 ? [`detached from ${shorten(detached, SHOWN)}`] : []),
  ]
}
