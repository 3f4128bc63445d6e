import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DECLARING_MANAGERS, declaredBy } from '../../src/kube/managed-fields.ts'

/** The source of each name. */
const SOURCES: Readonly<Record<string, string>> = {
  // ArgoCDSSAManager:
  // https://github.com/argoproj/argo-cd/blob/53ed91d020eba61b3492e02cc379d4e40a212927/common/common.go
  'argocd-controller': 'Apply',
  // controllerName:
  // https://github.com/fluxcd/kustomize-controller/blob/468f00e416bd6609338f4ab2f11ad8d19d6849a6/main.go
  'kustomize-controller': 'Apply',
  // controllerName:
  // https://github.com/fluxcd/helm-controller/blob/f76d6fe026b3614674a28061cbdafbfbe802d1df/main.go
  'helm-controller': 'Update',
  // getManagedFieldsManager, the program's name:
  // https://github.com/helm/helm/blob/0adfe83ff8a46630164388c71620818e11253ece/pkg/kube/client.go#L838-L846
  helm: 'Update',
  // defaultFieldManagerName:
  // https://github.com/hashicorp/terraform-provider-kubernetes/blob/main/kubernetes/provider.go
  Terraform: 'Apply',
  // The provider's cfg.UserAgent is "HashiCorp/1.0 Terraform/…". The API server uses the part
  // before the slash as the manager of updates.
  HashiCorp: 'Update',
  // https://kubernetes.io/docs/reference/using-api/server-side-apply/#migration-between-client-side-and-server-side-apply
  'kubectl-client-side-apply': 'Update',
}

for (const [manager, operation] of Object.entries(SOURCES)) {
  test(`fields written by ${manager} are declared elsewhere`, () => {
    const entries = [{ manager, operation: operation as 'Apply' | 'Update', fieldsV1: { 'f:imagePullSecrets': {} } }]
    assert.equal(declaredBy(entries, ['f:imagePullSecrets']), manager)
    assert.equal(declaredBy(entries, ['f:secrets']), undefined)
    assert.equal(declaredBy(entries, ['f:imagePullSecrets'], [manager]), undefined)
  })
}

test('every known tool has its source, any applier declares, and a plain update does not', () => {
  assert.deepEqual(Object.keys(SOURCES), DECLARING_MANAGERS)
  const by = (manager: string, operation: 'Apply' | 'Update') =>
    declaredBy([{ manager, operation, fieldsV1: { 'f:data': {} } }], ['f:data'])
  assert.equal(by('fleet', 'Apply'), 'fleet')
  assert.equal(by('kubectl-edit', 'Update'), undefined)
  assert.equal(declaredBy(undefined, ['f:data']), undefined)
})
