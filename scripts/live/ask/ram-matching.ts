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
  /** The name of the resource, without any wildcard. */
  readonly exact: string
  readonly call: () => Promise<unknown>
}

/**
 * Each form of a resource has an action of its own, so the answers do not depend on each other. The
 * actions of ACR are authorized by instance
 * (https://help.aliyun.com/zh/acr/developer-reference/api-cr-2018-12-01-getinstanceendpoint), RAM's
 * by policy. If an action is denied, the same policy for the exact resource is the control.
 */
function probesOf({ deps, enterprise, accountId, names, role, signal }: Stage): Readonly<Record<MatchId, Probe>> {
  const { region, instanceId } = enterprise
  const instanceArn = (id: string): string => `acs:cr:${region}:${accountId}:instance/${id}`
  const instance = (id: string) => ({ resource: { Resource: [instanceArn(id)] }, exact: instanceArn(instanceId) })
  const cr = targetOf(deps, 'cr', role, { region, signal })
  return {
    MATCH_WILDCARD_INSIDE: {
      action: 'cr:GetInstance',
      ...instance(`${instanceId.slice(0, 6)}*${instanceId.slice(-2)}`),
      call: () => getInstance(cr, instanceId),
    },
    MATCH_QUESTION_MARK: {
      action: 'cr:GetInstanceEndpoint',
      ...instance(`${instanceId.slice(0, -1)}?`),
      call: () => {
        const query = { InstanceId: instanceId, EndpointType: 'internet', ModuleName: 'Registry' }
        const call = { product: 'cr', version: '2018-12-01', action: 'GetInstanceEndpoint', query }
        return deps.transport.call({ ...cr, ...call }, signal)
      },
    },
    MATCH_CASE: {
      action: 'cr:GetInstanceVpcEndpoint',
      ...instance(instanceId.toUpperCase()),
      call: () => listLinkedVpcs(cr, instanceId),
    },
    MATCH_NOT_RESOURCE: {
      action: 'ram:GetPolicy',
      resource: { NotResource: [`acs:ram:*:${accountId}:policy/${names.policy}-other`] },
      exact: `acs:ram:*:${accountId}:policy/${names.policy}`,
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

  /** Lets the role call the action on these resources, and waits until it may. */
  async function allow(name: string, id: MatchId, resource: Probe['resource'], patienceMs: number) {
    const { deps, names, objects, signal } = stage
    const { action, call } = probes[id]
    await stage.createPolicy(name, policyOf([{ Effect: 'Allow', Action: [action], ...resource }]))
    await objects.attach(name, names.role)
    const look = async () => ((await isAllowed(call)) ? true : undefined)
    return waitFor(look, deps.clock, { everyMs: 1000, patienceMs }, signal)
  }

  /** `effectSeconds`: how long the policy for pulls needed to take effect. */
  return async (id: MatchId, effectSeconds: number): Promise<Verdict> => {
    const { action, resource, exact } = probes[id]
    const { names } = stage
    const first = before.get(id)
    if (first?.status === 'rejected') throw first.reason
    if (first?.value) return notAnswered(`the role was allowed to call ${action} before any policy was attached`)
    const patienceMs = 1000 * Math.max(30, 3 * effectSeconds + 10)
    let asked: Awaited<ReturnType<typeof allow>>
    try {
      asked = await allow(names.matching(id), id, resource, patienceMs)
    } catch (error) {
      if (!hasCode(error, 'CLOUD_REJECTED') || !error.reason?.includes('PolicyDocument')) throw error
      return no(`RAM refuses the document: ${codeOf(error)}`, { created: false })
    }
    const facts = { created: true, seconds: asked.seconds }
    if (asked.found) return yes(`${action} was allowed after ${asked.seconds} s`, facts)
    // Without this control, an action that RAM does not authorize by resource would look the same.
    const control = await allow(names.control(id), id, { Resource: [exact] }, patienceMs)
    const all = { ...facts, exactSeconds: control.seconds }
    if (!control.found) return notAnswered(`${action} was denied for the exact resource too`, all)
    const because = `${action} was denied for ${asked.seconds} s, and allowed for the exact resource after ${control.seconds} s`
    return no(because, all)
  }
}
