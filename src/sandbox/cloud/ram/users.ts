import { type Call, isoDate, rpcOperations } from '../operation.ts'
import { addUser, newKey } from './entities.ts'
import { alreadyExists, findUser } from './lookup.ts'
import { USER_NAME, userResource } from './rules.ts'

function createUser(call: Call): object {
  const name = call.need('UserName')
  const { users } = call.account.ram
  if (users.has(name.toLowerCase())) throw alreadyExists('User', name)
  const { id, created } = addUser(call.account.ram, call.state.now(), name, [])
  return { User: { UserName: name, UserId: id, DisplayName: name, CreateDate: isoDate(created) } }
}

function createAccessKey(call: Call): object {
  const user = findUser(call.account.ram, call.need('UserName'))
  const key = newKey(call.state.now())
  user.keys.push(key)
  const { id, secret, created } = key
  const view = { AccessKeyId: id, AccessKeySecret: secret, Status: 'Active', CreateDate: isoDate(created) }
  return { AccessKey: view }
}

/** RAM 2015-05-01: users and their access keys. */
export const RAM_USER_OPERATIONS = rpcOperations('Ram', '2015-05-01', {
  CreateUser: [userResource, { UserName: USER_NAME }, createUser],
  CreateAccessKey: [userResource, { UserName: USER_NAME }, createAccessKey],
})
