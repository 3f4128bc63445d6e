import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { dockerFolderOf } from '../../../src/login/docker-config/docker-folder.ts'

const folderOf = (environment: NodeJS.ProcessEnv): string => dockerFolderOf(environment, '/home/ci/shop')

test('the login goes where Docker finds it: DOCKER_CONFIG, or .docker in the home of the user', () => {
  assert.equal(folderOf({ DOCKER_CONFIG: '/run/docker', HOME: '/home/ci' }), '/run/docker')
  assert.equal(folderOf({ DOCKER_CONFIG: '', HOME: '/home/ci' }), '/home/ci/.docker')
})

/** getHomeDir: https://github.com/docker/cli/blob/v29.3.0/cli/config/config.go#L61 */
test('without HOME, or with an empty one, the home is that of the user database, and never the working directory', (t) => {
  const own = join(userInfo().homedir, '.docker')
  const { HOME = '' } = process.env
  t.after(() => {
    process.env.HOME = HOME
  })
  process.env.HOME = ''
  for (const environment of [{}, { HOME: '' }]) assert.equal(folderOf(environment), own)
})

test('a relative DOCKER_CONFIG is the same folder for the links of an isolated configuration and for the post step', () => {
  assert.equal(folderOf({ DOCKER_CONFIG: '.docker' }), '/home/ci/shop/.docker')
})
