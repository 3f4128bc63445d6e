import { getInstance, listLinkedVpcs } from '../../../src/alibaba/cr.ts'
import { createRam } from '../../../src/alibaba/ram.ts'
import { hasCode } from '../../../src/errors.ts'
import { policyOf } from '../../../src/policy/normal-form.ts'
import { no, notAnswered, type Verdict, yes } from '../evidence.ts'
import { targetOf, waitFor } from '../live-deps.ts'
import { MATCH_IDS, type MatchId } from '../names.ts'
import { codeOf } from '../ram-objects.ts'
import type { Stage } from '../stage.ts'
import { isAllowed } from './ram-lag.ts'

/** A read-only call that nothing but one policy allows to the role. */
interface Probe {
  readonly action: string
  readonly resource: { readonly Resource: readonly string[] } | { readonly NotResource: readonly string[] }
  readonly call: () => Promise<unknown>
}

/**
 * Each form of a resource has an action of its own, so the answers do not depend on each other. The
 * actions of ACR are authorized by instance (the pages of GetInstance, GetInstanceEndpoint and
 * GetInstanceVpcEndpoint), RAM's by policy.
 */
function probesOf({ deps, enterprise, accountId, names, role, signal }: Stage): Readonly<Record<MatchId, Probe>> {
  const { region, instanceId } = enterprise
  const instance = (id: string) => ({ Resource: [`acs:cr:${region}:${accountId}:instance/${id}`] })
  const cr = targetOf(deps, 'cr', role, { region, signal })
  return {
    MATCH_WILDCARD_INSIDE: {
      action: 'cr:GetInstance',
      resource: instance(`${instanceId.slice(0, 6)}*${instanceId.slice(-2)}`),
      call: () => getInstance(cr, instanceId),
    },
    MATCH_QUESTION_MARK: {
      action: 'cr:GetInstanceEndpoint',
      resource: instance(`${instanceId.slice(0, -1)}?`),
      call: () => {
        const query = { InstanceId: instanceId, EndpointType: 'internet', ModuleName: 'Registry' }
        const call = { product: 'cr', version: '2018-12-01', action: 'GetInstanceEndpoint', query }
        return deps.transport.call({ ...cr, ...call }, signal)
      },
    },
    MATCH_CASE: {
      action: 'cr:GetInstanceVpcEndpoint',
      resource: instance(instanceId.toUpperCase()),
      call: () => listLinkedVpcs(cr, instanceId),
    },
    MATCH_NOT_RESOURCE: {
      action: 'ram:GetPolicy',
      resource: { NotResource: [`acs:ram:*:${accountId}:policy/${names.policy}-other`] },
      call: () => createRam(targetOf(deps, 'ram', role, { signal })).getPolicy(names.policy),
    },
  }
}

/** Asks the questions about RAM's matching, one policy each. */
export async function createMatchingQuestions(stage: Stage) {
  const probes = probesOf(stage)
  const before = new Map<MatchId, PromiseSettledResult<boolean>>()
  for (const id of MATCH_IDS) {
    const [result] = await Promise.allSettled([isAllowed(probes[id].call)])
    before.set(id, result)
  }

  /** `effectSeconds`: how long the policy for pulls needed to take effect. */
  return async (id: MatchId, effectSeconds: number): Promise<Verdict> => {
    const { action, resource, call } = probes[id]
    const { names, objects, deps, signal } = stage
    const first = before.get(id)
    if (first?.status === 'rejected') throw first.reason
    if (first?.value) return notAnswered(`the role was allowed to call ${action} before any policy was attached`)
    const name = names.matching(id)
    try {
      await stage.createPolicy(name, policyOf([{ Effect: 'Allow', Action: [action], ...resource }]))
    } catch (error) {
      if (!hasCode(error, 'CLOUD_REJECTED')) throw error
      return no(`RAM refuses the document: ${codeOf(error)}`, { created: false })
    }
    await objects.attach(name, names.role)
    const patienceMs = 1000 * Math.max(30, 3 * effectSeconds + 10)
    const look = async () => ((await isAllowed(() => call())) ? true : undefined)
    const { found, seconds } = await waitFor(look, deps.clock, { everyMs: 1000, patienceMs }, signal)
    const facts = { created: true, seconds }
    if (found) return yes(`${action} was allowed after ${seconds} s`, facts)
    const usual = `the policy for pulls took effect after ${effectSeconds} s`
    return no(`${action} was still denied after ${seconds} s, and ${usual}`, facts)
  }
}
