import { type Call, rpcOperations } from '../operation.ts'
import { addUser, newKey } from './entities.ts'
import { alreadyExists, findUser } from './lookup.ts'
import { USER_NAME, userResource } from './rules.ts'

function createUser(call: Call): object {
  const name = call.need('UserName')
  const { users } = call.account.ram
  if (users.has(name.toLowerCase())) throw alreadyExists('User', name)
  const { id } = addUser(call.account.ram, name, [])
  return { User: { UserName: name, UserId: id, DisplayName: name } }
}

function createAccessKey(call: Call): object {
  const user = findUser(call.account.ram, call.need('UserName'))
  const key = newKey()
  user.keys.push(key)
  return { AccessKey: { AccessKeyId: key.id, AccessKeySecret: key.secret, Status: 'Active' } }
}

/** RAM 2015-05-01: users and their access keys. */
export const RAM_USER_OPERATIONS = rpcOperations('Ram', '2015-05-01', {
  CreateUser: [userResource, { UserName: USER_NAME }, createUser],
  CreateAccessKey: [userResource, { UserName: USER_NAME }, createAccessKey],
})
