import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readContainerfile } from '../../support/image/containerfile.ts'

const root = join(import.meta.dirname, '../../..')
const { base, config, copies } = readContainerfile(join(root, 'image/cli/Containerfile'))

test("the image of the command line has a base with a shell, pinned by digest, and the helper's image has another", () => {
  assert.match(base, /^docker\.io\/library\/node:24-alpine[\d.]+@sha256:[0-9a-f]{64}$/)
  assert.match(readContainerfile(join(root, 'image/Containerfile')).base, /^gcr\.io\/distroless\/nodejs24-/)
})

test('building the image of the command line runs no program, so that each platform is built anywhere', () => {
  // readContainerfile refuses RUN and every other instruction that it does not know.
  assert.deepEqual(
    copies.map(({ to }) => to),
    ['/opt/acr-nopass', '/usr/local/bin/helm', '/usr/local/bin/acr-nopass'],
  )
})

test('a CI can start its own program in the container, and a container without a command prints the help', () => {
  assert.deepEqual(config.Entrypoint, [])
  assert.deepEqual(config.Cmd, ['acr-nopass'])
  assert.equal(config.User, '1000:1000')
})

test('the command on PATH is a script that anybody may run, and starts the package that the image has', () => {
  const file = join(root, 'image/cli/acr-nopass')
  assert.equal(statSync(file).mode & 0o111, 0o111)
  assert.match(readFileSync(file, 'utf8'), /\nexec \/opt\/acr-nopass\/bin\/acr-nopass "\$@"\n$/)
})
