import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseGoMod } from '../../../src/sandbox/tools/go-build.ts'

const MOD = `module x/tools/helm // comment

go 1.26.0

tool (
	helm.sh/helm/v4/cmd/helm
	helm.sh/helm/v4/cmd/other // two
)

tool helm.sh/one

require helm.sh/helm/v4 v4.3.1

require (
	helm.sh/helm/v4/extra v9.9.9 // indirect
)

replace k8s.io/api => k8s.io/api v0.37.2
`

test('version, Go and tools are read from go.mod, from lines and blocks', () => {
  assert.deepEqual(parseGoMod(MOD, 'helm.sh/helm/v4'), {
    version: '4.3.1',
    go: '1.26.0',
    tools: ['helm.sh/helm/v4/cmd/helm', 'helm.sh/helm/v4/cmd/other', 'helm.sh/one'],
  })
  assert.equal(parseGoMod(MOD, 'helm.sh/helm/v4/extra').version, '9.9.9')
})

test('a go.mod that does not pin the tool is rejected', () => {
  assert.throws(() => parseGoMod(MOD, 'k8s.io/api'), /does not pin a version of k8s\.io\/api/)
})
