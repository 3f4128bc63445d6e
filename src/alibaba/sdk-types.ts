import type * as Cs from '@alicloud/cs20151215'
import type * as Ram from '@alicloud/ram20150501'
import type * as Sts from '@alicloud/sts20150401'

// The vendor's SDKs are the source of the names of parameters and response fields, so a wrong name
// does not compile. Only the types of the SDKs are used (ARCHITECTURE.md, Dependencies). The models
// name fields in camel case. RAM and STS send these names with a capital letter, ACK in snake case.

/**
 * The fields that a model declares. Without this filter, every model also accepts any other name.
 */
type Declared<Model> = {
  [Key in keyof Model as string extends Key ? never : number extends Key ? never : Key]: Model[Key]
}
type Field<Model> = {
  [Key in keyof Declared<Model>]-?: NonNullable<Model[Key & keyof Model]> extends (...parameters: never[]) => unknown
    ? never
    : Key
}[keyof Declared<Model>] &
  keyof Model &
  string

type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Uppercase<First> ? (First extends Lowercase<First> ? First : `_${Lowercase<First>}`) : First}${SnakeCase<Rest>}`
  : ''

/**
 * A list is JSON in one parameter: `arrayToStringWithSpecifiedStyle(…, "json")` in the SDK of RAM.
 */
type Sent<Value> = NonNullable<Value> extends readonly unknown[] ? string : NonNullable<Value>

type Request<Model> = { readonly [Key in Field<Model> as Capitalize<Key>]?: Sent<Model[Key]> | undefined }

/** The request of an ACK list, whose parameters are in snake case. */
type SnakeRequest<Model> = { readonly [Key in Field<Model> as SnakeCase<Key>]?: Sent<Model[Key]> | undefined }

/**
 * The type gives a field's name, not its value: a broken peer may send any value, so readers check
 * it.
 */
type Received<Value, Case extends 'capital' | 'snake'> = Value extends readonly (infer Item)[]
  ? readonly Received<Item, Case>[]
  : Value extends { validate(): void }
    ? Response<Value, Case>
    : unknown

type Response<Model, Case extends 'capital' | 'snake'> = {
  readonly [Key in Field<Model> as Case extends 'snake' ? SnakeCase<Key> : Capitalize<Key>]?: Received<
    NonNullable<Model[Key]>,
    Case
  >
}

/** The parameters of RAM's operations that change something, by the operation's name. */
export interface RamChanges {
  AttachPolicyToRole: Request<Ram.AttachPolicyToRoleRequest>
  CreatePolicy: Request<Ram.CreatePolicyRequest>
  CreatePolicyVersion: Request<Ram.CreatePolicyVersionRequest>
  CreateRole: Request<Ram.CreateRoleRequest>
  DeletePolicy: Request<Ram.DeletePolicyRequest>
  DeleteRole: Request<Ram.DeleteRoleRequest>
  DetachPolicyFromRole: Request<Ram.DetachPolicyFromRoleRequest>
  TagResources: Request<Ram.TagResourcesRequest>
  UpdatePolicyDescription: Request<Ram.UpdatePolicyDescriptionRequest>
  UpdateRole: Request<Ram.UpdateRoleRequest>
}

/** Parameters and responses of RAM's operations that read. */
export interface RamReads {
  GetPolicy: [Request<Ram.GetPolicyRequest>, Response<Ram.GetPolicyResponseBody, 'capital'>]
  GetRole: [Request<Ram.GetRoleRequest>, Response<Ram.GetRoleResponseBody, 'capital'>]
  ListEntitiesForPolicy: [
    Request<Ram.ListEntitiesForPolicyRequest>,
    Response<Ram.ListEntitiesForPolicyResponseBody, 'capital'>,
  ]
  ListPoliciesForRole: [
    Request<Ram.ListPoliciesForRoleRequest>,
    Response<Ram.ListPoliciesForRoleResponseBody, 'capital'>,
  ]
  ListPolicyVersions: [Request<Ram.ListPolicyVersionsRequest>, Response<Ram.ListPolicyVersionsResponseBody, 'capital'>]
  ListTagResources: [Request<Ram.ListTagResourcesRequest>, Response<Ram.ListTagResourcesResponseBody, 'capital'>]
}

/** Parameters of STS's operations that open a session. */
export interface StsSessions {
  AssumeRole: Request<Sts.AssumeRoleRequest>
  AssumeRoleWithOIDC: Request<Sts.AssumeRoleWithOIDCRequest>
}

export type StsSession = Response<Sts.AssumeRoleResponseBody, 'capital'>
export type StsCaller = Response<Sts.GetCallerIdentityResponseBody, 'capital'>

/** Parameters and responses of ACK's operations. */
export interface CsReads {
  DescribeClusterDetail: [Record<never, never>, Response<Cs.DescribeClusterDetailResponseBody, 'snake'>]
  DescribeClusterNodePools: [Record<never, never>, Response<Cs.DescribeClusterNodePoolsResponseBody, 'snake'>]
  DescribeClusterUserKubeconfig: [
    Request<Cs.DescribeClusterUserKubeconfigRequest>,
    Response<Cs.DescribeClusterUserKubeconfigResponseBody, 'snake'>,
  ]
  DescribeClustersV1: [SnakeRequest<Cs.DescribeClustersV1Request>, Response<Cs.DescribeClustersV1ResponseBody, 'snake'>]
  ListClusterAddonInstances: [Record<never, never>, Response<Cs.ListClusterAddonInstancesResponseBody, 'snake'>]
}

/** The parameters of `Given`, which fail to compile if the operation does not have them. */
export type Only<Allowed, Given> = Given & { readonly [Key in Exclude<keyof Given, keyof Allowed>]: never }
