import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pinnedVersion } from '../../../src/sandbox/tools/go-build.ts'

const MOD = `module x/tools/helm // comment

go 1.26.0

tool helm.sh/helm/v4/cmd/helm

require helm.sh/helm/v4 v4.3.1

require (
	helm.sh/helm/v4/extra v9.9.9 // indirect
)

replace k8s.io/api => k8s.io/api v0.37.2
`

test('the version of a module is read from go.mod, from lines and blocks', () => {
  assert.equal(pinnedVersion(MOD, 'helm.sh/helm/v4'), '4.3.1')
  assert.equal(pinnedVersion(MOD, 'helm.sh/helm/v4/extra'), '9.9.9')
})

test('a go.mod that does not pin the tool is rejected', () => {
  assert.throws(() => pinnedVersion(MOD, 'k8s.io/api'), /does not pin a version of k8s\.io\/api/)
})
