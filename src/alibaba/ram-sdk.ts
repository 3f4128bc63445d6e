import sdk, {
  AttachPolicyToRoleRequest,
  CreatePolicyRequest,
  CreatePolicyVersionRequest,
  CreateRoleRequest,
  DeletePolicyRequest,
  DeleteRoleRequest,
  DetachPolicyFromRoleRequest,
  GetPolicyRequest,
  GetRoleRequest,
  ListEntitiesForPolicyRequest,
  ListPoliciesForRoleRequest,
  ListTagResourcesRequest,
  TagResourcesRequest,
  UpdatePolicyDescriptionRequest,
  UpdateRoleRequest,
} from '@alicloud/ram20150501'
import { NopassError } from '../errors.ts'
import type { Ram, RamTarget } from './ram.ts'
import type { Parameters as QueryParameters } from './transport/percent-encoding.ts'

type Client = InstanceType<typeof sdk.default>
type Runtime = Parameters<Client['getPolicyWithOptions']>[1]

/** RAM's operations over the SDK's typed models and our transport: the SDK knows no proxy, and its errors quote URLs. */
export function createRam(target: RamTarget): Ram {
  const client = createClient(target)
  const custom = 'Custom'
  // The SDK hands its runtime options on unread, so they carry the signal to callApi.
  const by = (signal?: AbortSignal): Runtime => ({ signal }) as unknown as Runtime
  const getPolicy = (policyName: string, policyType: string, signal?: AbortSignal): ReturnType<Ram['getPolicy']> =>
    unlessMissing(async () => {
      const request = new GetPolicyRequest({ policyName, policyType })
      const { body } = await client.getPolicyWithOptions(request, by(signal))
      return {
        name: policyName,
        description: body?.policy?.description ?? '',
        document: body?.defaultPolicyVersion?.policyDocument ?? '',
        defaultVersion: body?.policy?.defaultVersion ?? '',
      }
    })
  return readable({
    getPolicy: (policyName, signal) => getPolicy(policyName, custom, signal),
    getSystemPolicy: (policyName, signal) => getPolicy(policyName, 'System', signal),
    createPolicy: async ({ name, document, description, tags }, signal) => {
      const request = new CreatePolicyRequest({
        policyName: name,
        policyDocument: document,
        description,
        ...(tags.length > 0 && { tag: [...tags] }),
      })
      await client.createPolicyWithOptions(request, by(signal))
    },
    createPolicyVersion: async (policyName, policyDocument, signal) => {
      const rotateStrategy = 'DeleteOldestNonDefaultVersionWhenLimitExceeded'
      const request = new CreatePolicyVersionRequest({ policyName, policyDocument, setAsDefault: true, rotateStrategy })
      await client.createPolicyVersionWithOptions(request, by(signal))
    },
    updatePolicyDescription: async (policyName, newDescription, signal) => {
      const request = new UpdatePolicyDescriptionRequest({ policyName, newDescription })
      await client.updatePolicyDescriptionWithOptions(request, by(signal))
    },
    deletePolicy: async (policyName, signal) => {
      await client.deletePolicyWithOptions(new DeletePolicyRequest({ policyName, cascadingDelete: true }), by(signal))
    },
    listRolePolicies: (roleName, signal) =>
      unlessMissing(async () => {
        const { body } = await client.listPoliciesForRoleWithOptions(
          new ListPoliciesForRoleRequest({ roleName }),
          by(signal),
        )
        return (body?.policies?.policy ?? []).map(({ policyName = '', policyType }) => {
          return { name: policyName, custom: policyType === custom }
        })
      }),
    listPolicyEntities: async (policyName, signal) => {
      const request = new ListEntitiesForPolicyRequest({ policyName, policyType: custom })
      const { body } = await client.listEntitiesForPolicyWithOptions(request, by(signal))
      return {
        roles: (body?.roles?.role ?? []).map(({ roleName = '' }) => roleName),
        users: (body?.users?.user ?? []).map(({ userName = '' }) => userName),
        groups: (body?.groups?.group ?? []).map(({ groupName = '' }) => groupName),
      }
    },
    attachPolicy: async (policyName, roleName, signal) => {
      const request = new AttachPolicyToRoleRequest({ policyName, policyType: custom, roleName })
      await client.attachPolicyToRoleWithOptions(request, by(signal))
    },
    detachPolicy: async (policyName, roleName, signal) => {
      const request = new DetachPolicyFromRoleRequest({ policyName, policyType: custom, roleName })
      await client.detachPolicyFromRoleWithOptions(request, by(signal))
    },
    getRole: (roleName, signal) =>
      unlessMissing(async () => {
        const { body } = await client.getRoleWithOptions(new GetRoleRequest({ roleName }), by(signal))
        const { arn = '', description = '', assumeRolePolicyDocument: trust = '' } = body?.role ?? {}
        return { name: roleName, arn, description, trust }
      }),
    createRole: async ({ name, trust, description, tags }, signal) => {
      const request = new CreateRoleRequest({
        roleName: name,
        assumeRolePolicyDocument: trust,
        description,
        ...(tags.length > 0 && { tag: [...tags] }),
      })
      await client.createRoleWithOptions(request, by(signal))
    },
    updateRole: async ({ name, trust, description }, signal) => {
      const request = new UpdateRoleRequest({
        roleName: name,
        newAssumeRolePolicyDocument: trust,
        newDescription: description,
      })
      await client.updateRoleWithOptions(request, by(signal))
    },
    deleteRole: async (roleName, signal) => {
      await client.deleteRoleWithOptions(new DeleteRoleRequest({ roleName }), by(signal))
    },
    tag: async (resourceType, name, tags, signal) => {
      const request = new TagResourcesRequest({ resourceType, resourceNames: [name], tag: [...tags] })
      await client.tagResourcesWithOptions(request, by(signal))
    },
    listTags: async (resourceType, name, signal) => {
      const request = new ListTagResourcesRequest({ resourceType, resourceNames: [name], pageSize: 100 })
      const { body } = await client.listTagResourcesWithOptions(request, by(signal))
      return (body?.tagResources ?? []).map(({ tagKey = '', tagValue = '' }) => ({ key: tagKey, value: tagValue }))
    },
  })
}

/** The SDK's models throw plain errors for a response of another shape; so does reading what they let through. */
function readable(ram: Ram): Ram {
  type Operation = (...given: readonly unknown[]) => Promise<unknown>
  const guarded = (name: string, operation: Operation): Operation => {
    return async (...given) => {
      try {
        return await operation(...given)
      } catch (error) {
        const isInterrupted = given.some((argument) => argument instanceof AbortSignal && argument.aborted)
        if (error instanceof NopassError || isInterrupted) throw error
        throw new NopassError('CLOUD_UNAVAILABLE', `ram ${name}: the response cannot be read`)
      }
    }
  }
  const operations = Object.entries(ram as unknown as Readonly<Record<string, Operation>>)
  return Object.fromEntries(operations.map(([name, one]) => [name, guarded(name, one)])) as unknown as Ram
}

function createClient(target: RamTarget): Client {
  class RoutedClient extends sdk.default {
    override async callApi(...[params, request, runtime]: Parameters<Client['callApi']>) {
      const { action = '', version = '' } = params
      const query: QueryParameters = request.query ?? {}
      const write = !/^(Get|List)/.test(action)
      const { signal } = runtime as { signal?: AbortSignal }
      const body = await target.transport.call({ ...target, product: 'ram', version, action, query, write }, signal)
      return { headers: {}, statusCode: 200, body }
    }
  }
  // The endpoint only keeps the SDK from looking one up; every call goes where the transport is told.
  const config = { endpoint: target.endpoint.host }
  return new RoutedClient(config as unknown as ConstructorParameters<typeof sdk.default>[0])
}

async function unlessMissing<Found>(find: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await find()
  } catch (error) {
    if (error instanceof NopassError && error.reason?.startsWith('EntityNotExist.')) return undefined
    throw error
  }
}
