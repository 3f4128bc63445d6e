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
      'src/rollout/{deploy,preflight,ram,release,verify}/*.ts',
      'src/rollout/run/{check-approval,finish-run,run-waves}.ts',
      'src/rollout/uninstall/!(uninstall-cluster).ts',
    ],
    tests: ['test/rollout/*.test.ts', 'test/contract/policy-limit-roles.test.ts', 'test/kube/granted-rights.test.ts'],
  },
  // What a rollout is given, and how it finds each cluster. The inputs' texts are a table.
  inputs: {
    mutate: ['src/rollout/inputs/!(input-table).ts', 'src/rollout/connect/*.ts'],
    tests: [
      'test/rollout/{cloud-access,connect-*,guard-kubeconfigs,plan-file}.test.ts',
      'test/rollout/{cluster-entry,describe-chart,input-files,load-settings,prepare-cluster,read-inputs}.test.ts',
    ],
  },
  // What judges one cluster and the whole fleet, and what compares and counts. What reads is tested
  // on API servers in memory, and the page in a browser.
  fleet: {
    mutate: [
      'src/fleet/{group-findings,judge-cluster,mark-duplicates,share-reads}.ts',
      'src/fleet/{checks,drift}/*.ts',
      'src/fleet/report/*.ts',
    ],
    tests: [
      'test/fleet/drift/*.test.ts',
      'test/fleet/{cells,group-findings,judge-cluster,mark-duplicates,report,share-reads,summary}.test.ts',
    ],
  },
  helm: {
    mutate: ['src/helm/*.ts', 'src/helm/release/*.ts'],
    tests: ['test/helm/*.test.ts', 'test/rollout/{deploy-release,helm-step,open-release,plan-cluster}.test.ts'],
  },
  doctor: {
    mutate: [
      'src/doctor/{checks,pod}/*.ts',
      'src/doctor/{consequences,diagnose,plugin-nodes}.ts',
      'src/doctor/cloud/{fix-role,wanted-roles}.ts',
    ],
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
  // The decisions of a node's program and of the script that installs it, whose calls are tested on
  // the emulated cloud and on a real node.
  node: {
    mutate: [
      'src/node/{expected-configs,node-config,provider-config}.ts',
      'src/node/provider/{answer-request,choose-*,login-record,obtain-login,provider-*}.ts',
      'src/node/script/{choose-archives,environment-file,kubelet-flags,merge-providers,plan-node,profiles,unit-variable}.ts',
      'src/rollout/verify/find-plugin-node.ts',
    ],
    tests: ['test/{node-script,provider}/*.test.ts', 'test/rollout/{find-plugin-node,verify-node}.test.ts'],
  },
  lease: {
    mutate: ['src/kube/lease.ts', 'src/kube/lease-record.ts'],
    tests: ['test/kube/lease*.test.ts'],
  },
  leadership: {
    mutate: ['src/helper/{run-helper,generation,generations,leadership}.ts', 'src/helper/report/status-exchange.ts'],
    tests: [
      'test/helper/{stuck,launch-helper,refresh-requests,credential-log,limited-entries,budgets}.test.ts',
      'test/helper/{changed-registry,references,follow-and-lead,take-over}.test.ts',
      'test/helper/{leadership,generations,status-exchange}.test.ts',
    ],
  },
  // Which credential is requested, when, and what of it is logged.
  credentials: {
    mutate: ['src/helper/credentials/!(create-entries).ts', 'src/acr/{refresh-schedule,unions}.ts'],
    tests: [
      'test/helper/{registry-*,log-step,own-copy,credential-*}.test.ts',
      'test/helper/{coalescing,first-round,needed-unions,rotation-request,limit-questions}.test.ts',
      'test/acr/{refresh-schedule,unions}.test.ts',
    ],
  },
  // What is written to a namespace's Secret and to a ServiceAccount, from what was seen of them.
  plan: {
    mutate: ['src/helper/plan/*.ts', 'src/installation/{object-views,targets}.ts'],
    tests: ['test/helper/{plan-*,log-note}.test.ts', 'test/installation/{load-config,object-views}.test.ts'],
  },
  // Which Pods cannot pull, and which of them are evicted.
  pods: {
    mutate: ['src/helper/pods/*.ts'],
    tests: ['test/helper/{pods,pod-watch,pod-evictions}.test.ts'],
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
