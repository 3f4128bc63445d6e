import { type Call, operationsOf } from '../operation.ts'
import { addUser, entityOf, newKey, newName, resourceOf } from './entities.ts'
import { USER } from './rules.ts'

function createUser(call: Call): object {
  const { id, name } = addUser(call.account.ram, newName(call, 'User'), [])
  return { User: { UserName: name, UserId: id, DisplayName: name } }
}

function createAccessKey(call: Call): object {
  const key = newKey()
  entityOf(call, 'User').keys.push(key)
  return { AccessKey: { AccessKeyId: key.id, AccessKeySecret: key.secret, Status: 'Active' } }
}

/** RAM 2015-05-01: users and their access keys. */
export const RAM_USER_OPERATIONS = operationsOf('Ram', '2015-05-01', {
  CreateUser: [resourceOf('User'), USER, createUser],
  CreateAccessKey: [resourceOf('User'), USER, createAccessKey],
})
