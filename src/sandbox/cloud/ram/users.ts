import { ApiError } from '../api-error.ts'
import { markerPage } from '../http/paging.ts'
import { newId } from '../identifiers.ts'
import { type Call, type Operation, operationsOf, type ParameterRule } from '../operation.ts'
import type { AccessKey, User } from '../state.ts'
import { rememberRam } from './authorize.ts'
import { findUser } from './lookup.ts'
import { accessKeyView, userView } from './ram-views.ts'
import { all, PAGE_PARAMETERS, USER_NAME, userResource } from './rules.ts'

const MAX_KEYS = 2

const userOf = (call: Call): User => findUser(call.account.ram, call.need('UserName'))

function createUser(call: Call): object {
  const name = call.need('UserName')
  const { users } = call.account.ram
  if (users.has(name.toLowerCase())) {
    throw new ApiError(409, 'EntityAlreadyExists.User', `The user already exists: ${name} .`)
  }
  const now = call.state.now()
  const [displayName, comments] = [call.get('DisplayName') ?? '', call.get('Comments') ?? '']
  const user: User = { name, id: newId.user(), displayName, comments, created: now, updated: now, keys: [] }
  rememberRam(call.state, call.account.id)
  users.set(name.toLowerCase(), user)
  return { User: userView(user) }
}

function deleteUser(call: Call): object {
  const user = userOf(call)
  const { ram } = call.account
  const name = user.name.toLowerCase()
  if (user.keys.length > 0) {
    throw new ApiError(409, 'DeleteConflict.User.AccessKey', 'The user has access keys, which must be deleted first.')
  }
  if (ram.attachments.some((item) => item.on === 'user' && item.principal === name)) {
    throw new ApiError(
      409,
      'DeleteConflict.User.Policy',
      'The user has attached policies, which must be detached first.',
    )
  }
  rememberRam(call.state, call.account.id)
  ram.users.delete(name)
  return {}
}

function createAccessKey(call: Call): object {
  const user = userOf(call)
  if (user.keys.length >= MAX_KEYS) {
    throw new ApiError(409, 'LimitExceeded.User.AccessKey', 'The count of access keys beyond the current limits.')
  }
  const key: AccessKey = { id: newId.accessKey(), secret: newId.secret(), active: true, created: call.state.now() }
  user.keys.push(key)
  return { AccessKey: { ...accessKeyView(key), AccessKeySecret: key.secret } }
}

function findKey(call: Call): AccessKey {
  const id = call.need('UserAccessKeyId')
  const key = userOf(call).keys.find((item) => item.id === id)
  if (key === undefined)
    throw new ApiError(404, 'EntityNotExist.User.AccessKey', `The access key does not exist: ${id} .`)
  return key
}

function deleteAccessKey(call: Call): object {
  const { keys } = userOf(call)
  keys.splice(keys.indexOf(findKey(call)), 1)
  return {}
}

function updateAccessKey(call: Call): object {
  findKey(call).active = call.need('Status') === 'Active'
  return {}
}

const ONE: Readonly<Record<string, ParameterRule>> = { UserName: USER_NAME }
const KEY: Readonly<Record<string, ParameterRule>> = { ...ONE, UserAccessKeyId: { required: true } }
const STATUS: ParameterRule = { required: true, oneOf: ['Active', 'Inactive'], code: 'InvalidParameter.Status' }

/** RAM 2015-05-01: users and their access keys. */
export const RAM_USER_OPERATIONS: readonly Operation[] = operationsOf('Ram', '2015-05-01', [
  {
    name: 'GetUser',
    action: 'ram:GetUser',
    resources: userResource,
    parameters: ONE,
    handler: (call) => ({ User: userView(userOf(call)) }),
  },
  {
    name: 'ListUsers',
    action: 'ram:ListUsers',
    resources: all('user'),
    parameters: PAGE_PARAMETERS,
    handler: (call) => {
      const { items, ...page } = markerPage(call, [...call.account.ram.users.values()])
      return { ...page, Users: { User: items.map(userView) } }
    },
  },
  {
    name: 'CreateUser',
    write: true,
    action: 'ram:CreateUser',
    resources: userResource,
    parameters: ONE,
    handler: createUser,
  },
  {
    name: 'DeleteUser',
    write: true,
    action: 'ram:DeleteUser',
    resources: userResource,
    parameters: ONE,
    handler: deleteUser,
  },
  {
    name: 'ListAccessKeys',
    action: 'ram:ListAccessKeys',
    resources: userResource,
    parameters: ONE,
    handler: (call) => ({ AccessKeys: { AccessKey: userOf(call).keys.map(accessKeyView) } }),
  },
  {
    name: 'CreateAccessKey',
    write: true,
    action: 'ram:CreateAccessKey',
    resources: userResource,
    parameters: ONE,
    handler: createAccessKey,
  },
  {
    name: 'UpdateAccessKey',
    write: true,
    action: 'ram:UpdateAccessKey',
    resources: userResource,
    parameters: { ...KEY, Status: STATUS },
    handler: updateAccessKey,
  },
  {
    name: 'DeleteAccessKey',
    write: true,
    action: 'ram:DeleteAccessKey',
    resources: userResource,
    parameters: KEY,
    handler: deleteAccessKey,
  },
])
