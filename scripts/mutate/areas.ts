/**
 * The files that `npm run mutate -- NAME` changes, and the tests that must notice each change.
 * Globs are relative to the repository.
 */
export interface Area {
  readonly mutate: readonly string[]
  readonly tests: readonly string[]
}

/**
 * Areas are tested without real servers, so that a test notices a mutant within a second. The tests
 * of the emulated cloud are included, because only they run some of the files of the area `policy`.
 */
export const AREAS: Readonly<Record<string, Area>> = {
  policy: {
    mutate: ['src/policy/*.ts'],
    tests: [
      'test/policy/*.test.ts',
      'test/contract/policy-{apply,ci,cleanup,leftovers,limit-roles,roles,sharing}.test.ts',
      'test/rollout/{cluster-policy,narrow-policies}.test.ts',
    ],
  },
  // The files that decide what a rollout does. Effects, such as the order in which
  // uninstall-cluster.ts removes objects, are tested on real servers.
  rollout: {
    mutate: [
      'src/rollout/deploy/*.ts',
      'src/rollout/ram/*.ts',
      'src/rollout/run/{check-approval,run-waves}.ts',
      'src/rollout/uninstall/!(uninstall-cluster).ts',
      'src/rollout/verify/{what-to-verify,verify-status,probe-objects}.ts',
      'src/rollout/run/finish-run.ts',
    ],
    tests: ['test/rollout/*.test.ts', 'test/contract/policy-limit-roles.test.ts'],
  },
  helm: {
    mutate: ['src/helm/*.ts', 'src/helm/release/*.ts'],
    tests: ['test/helm/*.test.ts', 'test/rollout/{deploy-release,helm-step,open-release,plan-cluster}.test.ts'],
  },
  doctor: {
    mutate: ['src/doctor/checks/*.ts', 'src/doctor/pod/*.ts', 'src/doctor/diagnose.ts'],
    tests: ['test/doctor/*.test.ts'],
  },
  login: {
    mutate: [
      'src/login/{check-login,choose-registries,judge-login,read-registry,report-login}.ts',
      'src/acr/query-push.ts',
    ],
    tests: ['test/login/*.test.ts', 'test/acr/query-push.test.ts'],
  },
  // What reads, chooses and renders. Written files are tested on a real folder.
  init: {
    mutate: ['src/init/!(write-files).ts'],
    tests: ['test/init/!(write-files).test.ts'],
  },
  // The decisions of a node's program. Its calls are tested on the emulated cloud.
  node: {
    mutate: [
      'src/node/{node-config,provider-config}.ts',
      'src/node/provider/{answer-request,choose-*,login-record,obtain-login,provider-*}.ts',
    ],
    tests: ['test/provider/*.test.ts'],
  },
  lease: {
    mutate: ['src/kube/lease.ts', 'src/kube/lease-record.ts'],
    tests: ['test/kube/lease*.test.ts'],
  },
  leadership: {
    mutate: ['src/helper/{run-helper,generation,generations,leadership}.ts', 'src/helper/report/status-exchange.ts'],
    tests: [
      'test/helper/{stuck,launch-helper,refresh-requests,credential-log,coalescing,budgets}.test.ts',
      'test/helper/{changed-registry,references,follow-and-lead,take-over}.test.ts',
    ],
  },
  credentials: {
    mutate: ['src/helper/credentials/!(create-entries).ts', 'src/helper/plan/*.ts'],
    tests: [
      'test/helper/{registry-*,log-*,own-copy,credential-*,plan-*,coalescing,rotation-request}.test.ts',
      'test/helper/{changed-registry,refresh-requests,take-over,write-versions,stuck}.test.ts',
      'test/helper/{limit-questions,limited-entries,union-rights}.test.ts',
    ],
  },
  'docker-config': {
    mutate: ['src/login/docker-config/*.ts', 'src/lib/file-lock.ts'],
    tests: ['test/login/docker-config/!(two-jobs).test.ts', 'test/lib/file-lock.test.ts'],
  },
  // What no schema can express. regions.ts is a copy of the vendor's list.
  values: {
    mutate: ['src/values/checks/!(regions).ts'],
    tests: ['test/values/load-values.test.ts', 'test/values/{chart-agreement,examples,target-overlap}.test.ts'],
  },
  writer: {
    mutate: ['src/helper/writes/*.ts'],
    // The excluded test file simulates days, which takes longest.
    tests: ['test/helper/!(fleet).test.ts'],
  },
}
