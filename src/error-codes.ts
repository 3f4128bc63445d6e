/**
 * The closed list of error codes, by area: what a code means in general, and how to cure it (docs/en/errors.md is
 * generated from it). A code never changes its meaning; a new failure gets a new code.
 */
export const ERROR_CODES = {
  INTERNAL: {
    what: 'Something failed that we did not foresee.',
    cure: 'Run again with --debug and open an issue with the output; no secret is in it.',
  },
  INTERRUPTED: { what: 'The run was ended by a signal.', cure: 'Run the command again; it goes on where it stopped.' },

  // input: command-line flags and action inputs
  INPUT_INVALID: {
    what: 'An input or flag holds something that it cannot mean.',
    cure: 'Write it as the message says; action.yml and --help describe every input.',
  },
  INPUT_CONFLICT: { what: 'Two inputs contradict each other.', cure: 'Remove one of the two.' },
  INPUT_MISSING: { what: 'An input that this mode needs is not set.', cure: 'Set the input that the message names.' },
  INPUT_CONFIRM: {
    what: 'An uninstall was asked for without its confirmation.',
    cure: 'Set `confirm` to `<release>/<number of clusters>`, as the message shows it.',
  },
  RUNNER_UNSUPPORTED: {
    what: 'The action runs on Linux and macOS runners.',
    cure: 'Use `runs-on: ubuntu-latest` (or macOS) for this job.',
  },
  PULL_REQUEST_REFUSED: {
    what: 'A pull request event may only validate and plan.',
    cure: 'Run `apply` on push or workflow_dispatch, or set `allow-on-pull-request: true` if you trust every author.',
  },

  // values: values and clusters files. YAML_: how a file is read; SCHEMA_: what the schema (and so Helm) refuses;
  // VALUES_ and CLUSTERS_: what is checked beyond the schema
  YAML_SYNTAX: { what: 'The file is no YAML that Helm could read.', cure: 'Mend the line that the message names.' },
  YAML_AMBIGUOUS: {
    what: 'An unquoted word means different things in YAML 1.1 and 1.2, or to Helm.',
    cure: 'Put it in quotes if text is meant; else write it plainly: true, false, null, or a decimal number.',
  },
  YAML_DUPLICATE_KEY: {
    what: 'A key stands twice in one map; Helm would silently take the last.',
    cure: 'Remove one of the two.',
  },
  YAML_DOCUMENTS: {
    what: 'The file holds several documents; Helm 3 reads the first and Helm 4 merges all.',
    cure: 'Make one file of each document.',
  },
  YAML_TAG: {
    what: 'The file uses a tag or a directive, which readers treat differently.',
    cure: 'Remove it; put text in quotes.',
  },
  YAML_KEY: { what: 'A key is not plain text.', cure: 'Put the key in quotes.' },
  YAML_ALIAS: {
    what: 'An anchor, an alias or a merge key does not mean one thing to every reader.',
    cure: 'Write the values out where the alias stands.',
  },
  YAML_ROOT: {
    what: 'The file does not hold what it should at its top.',
    cure: 'Write keys at the top of a values file, and a list in a clusters file.',
  },
  SCHEMA_UNKNOWN_KEY: {
    what: 'There is no such key.',
    cure: 'Remove it, or write it as the reference of values has it.',
  },
  SCHEMA_MISSING: { what: 'A key that is needed is not there.', cure: 'Add the key.' },
  SCHEMA_TYPE: {
    what: 'A value is of another type than the key takes.',
    cure: 'Write a value of the type that the message names.',
  },
  SCHEMA_CHOICE: {
    what: 'A value is none of those that the key takes.',
    cure: 'Take one of the values that the message lists.',
  },
  SCHEMA_FORM: {
    what: 'A text has not the form that the key takes.',
    cure: 'Write it in the form that the message shows.',
  },
  SCHEMA_RANGE: {
    what: 'A number is too small or too large.',
    cure: 'Write a number in the range that the message names.',
  },
  SCHEMA_LIST: {
    what: 'A list is too short, too long, or holds an item twice.',
    cure: 'Mend the list as the message says.',
  },
  SCHEMA_EXACTLY_ONE: {
    what: 'Exactly one of several keys has to be set.',
    cure: 'Keep one of the keys that the message names.',
  },
  VALUES_REGION: {
    what: 'There is no such region of Alibaba Cloud.',
    cure: 'Write the id of a region, such as cn-hangzhou.',
  },
  VALUES_NAME_TWICE: { what: 'Two registries have one name.', cure: 'Give each registry a name of its own.' },
  VALUES_DOMAIN_TWICE: {
    what: 'Two registries claim one domain for one namespace; a pull secret can hold one login for a domain.',
    cure: 'Give the targets of the two registries no namespace in common, or write the domains as host/namespace.',
  },
  VALUES_NO_EFFECT: { what: 'A value is set that has no effect here.', cure: 'Remove it.' },
  VALUES_SCOPE: {
    what: 'With `scope: namespaces` the targets are plain names of namespaces that exist.',
    cure: 'List the namespaces by name, or take `scope: cluster`.',
  },
  VALUES_GLOB: {
    what: 'A pattern can never fit, or leaves nothing over.',
    cure: 'Write the pattern so that it fits what you mean.',
  },
  VALUES_SECRET_NAME: {
    what: 'The name of the pull secret is one that others commonly use.',
    cure: 'Take another name, or write `adopt: true` to take over Secrets of that name.',
  },
  VALUES_SECRET_INSIDE: {
    what: 'Something secret stands in the values.',
    cure: 'Take it out, treat it as disclosed and renew it; keep it in a Secret and name that Secret here.',
  },
  VALUES_COLLISION: { what: 'Two values that must differ are equal.', cure: 'Change one of the two.' },
  VALUES_NULL: {
    what: 'null takes away a default that the chart needs.',
    cure: 'Remove the line to get the default, or give it a value.',
  },
  CLUSTERS_NAME_TWICE: {
    what: 'Two clusters of the list have one name.',
    cure: 'Give each cluster a name of its own.',
  },
  CLUSTERS_SAME_RELEASE: {
    what: 'Two entries of the list are one release in one cluster.',
    cure: 'Remove one of the two, or give it another release or namespace.',
  },

  // cloud: Alibaba Cloud's APIs and identities
  CLOUD_UNREACHABLE: {
    what: 'No whole answer came from Alibaba Cloud.',
    cure: 'Check the network path, DNS, the proxy variables and `network` (vpc or public); the call is repeated by itself.',
  },
  CLOUD_UNAVAILABLE: {
    what: 'Alibaba Cloud, or a gateway before it, answered with a server error or not in JSON.',
    cure: 'Wait and run again; if it lasts, see the service health page and give Alibaba Cloud the request id.',
  },
  CLOUD_THROTTLED: {
    what: 'Alibaba Cloud refused the call because too many were made.',
    cure: 'Lower max-parallel, or run again in a minute.',
  },
  CLOUD_DENIED: {
    what: 'The identity in use may not make this call.',
    cure: 'Grant the named permission; `acr-nopass policy` and `acr-nopass policy --ci` print the least that is needed.',
  },
  CLOUD_NOT_FOUND: {
    what: 'What was asked for does not exist, or not in this account and region.',
    cure: 'Check the id, the name, the region and the account.',
  },
  CLOUD_REJECTED: {
    what: 'Alibaba Cloud did not accept the request as it was.',
    cure: 'Look the code up at https://api.aliyun.com/troubleshoot with the request id.',
  },
  CLOUD_CLOCK: {
    what: 'The time of the request was refused, also after the clock had been corrected by the answer.',
    cure: 'Set the clock of this machine (NTP).',
  },
  CREDENTIALS_EXPIRED: {
    what: 'The session that signs the calls has expired and no newer one could be had.',
    cure: 'Renew the session; in a cluster, see why the identity cannot be renewed (status, log).',
  },
  CREDENTIALS_REFUSED: {
    what: 'Alibaba Cloud does not know the access key, or its secret is another one.',
    cure: 'Check the access key: active, of this account, id and secret belong together.',
  },
  CREDENTIALS_MISSING: {
    what: 'There are no credentials where they were said to be.',
    cure: 'Set them where the message says.',
  },
  IDENTITY_NOT_TRUSTED: {
    what: 'The role does not trust the identity that asked for it.',
    cure: "Compare the role's trust policy with what `acr-nopass policy` prints: issuer, audience and subject must be equal.",
  },
  IDENTITY_UNAVAILABLE: {
    what: 'The identity cannot be had on this machine.',
    cure: 'See the message; `identity.type` must be one that this cluster offers.',
  },
  ENDPOINT_INVALID: {
    what: 'An API address cannot be used.',
    cure: 'Use https; http is allowed on loopback only.',
  },

  // registry: ACR instances and their credentials
  REGISTRY_NOT_FOUND: {
    what: 'There is no ACR instance of this name.',
    cure: 'Check instanceName and region, or give instanceId.',
  },
  REGISTRY_NO_DOMAIN: {
    what: 'The registry has no domain on the chosen network.',
    cure: 'Open that endpoint of the instance, or set network: all.',
  },
  REGISTRY_LOGIN_REFUSED: {
    what: 'The registry itself refuses a credential that the cloud handed out, or that stands in a Secret.',
    cure: 'Check that the registry and its account are the right ones; the last good credential stays in use meanwhile.',
  },
  DOCKER_CONFIG_INVALID: {
    what: 'The content of a pull secret is not what the helper writes.',
    cure: 'Nothing to do: the helper replaces its own Secret, and leaves others alone.',
  },

  // policy: RAM policies and roles
  POLICY_NOT_OURS: {
    what: 'A policy of the name that we would use exists and does not carry our mark.',
    cure: 'Look at it; adopt-policy: true makes it ours, else rename or delete it.',
  },
  POLICY_TOO_LARGE: {
    what: 'The policy document is larger than RAM allows.',
    cure: 'Name fewer repositories (a namespace with /* instead of single ones), or use ram-scope: all.',
  },
  POLICY_UNREADABLE: {
    what: 'A document in RAM is not a policy that we can read.',
    cure: 'Repair or delete it in the RAM console.',
  },
  POLICY_INPUT_INVALID: {
    what: 'A policy cannot be made of what was given.',
    cure: 'See the message.',
  },
  POLICY_ROLE_MISSING: {
    what: 'A RAM role that the policy is for does not exist.',
    cure: 'Check the name of the worker role, or of the role in identity.rrsa.roleArn.',
  },
  POLICY_UNSETTLED: {
    what: 'The policy kept changing, or RAM kept failing, while it was applied.',
    cure: 'See who else changes it, then run again: every step that was done stays.',
  },

  // kube: Kubernetes API servers
  KUBE_CONNECTION: {
    what: 'It is not known how to reach the API server.',
    cure: 'In a Pod: mount a ServiceAccount token and keep the variables KUBERNETES_SERVICE_*. Elsewhere: pass a kubeconfig.',
  },
  KUBECONFIG_INVALID: {
    what: 'The kubeconfig cannot be read, or its user cannot be authenticated.',
    cure: 'Try `kubectl --kubeconfig FILE --context CONTEXT version`; it has to answer with a server version.',
  },
  KUBE_UNREACHABLE: {
    what: 'No connection to the API server, or it broke.',
    cure: 'Check the address, the network path (VPN, security group, proxy) and that the server is up.',
  },
  KUBE_TIMEOUT: {
    what: 'The API server did not answer in time.',
    cure: 'Check its load and the network path; the call is repeated by itself where that is safe.',
  },
  KUBE_UNAUTHORIZED: {
    what: 'The API server does not know who is calling (401).',
    cure: 'The token or client certificate has expired or belongs to another cluster: get a new one.',
  },
  KUBE_FORBIDDEN: {
    what: 'The API server refuses the call to this user, or a quota or terminating namespace does (403).',
    cure: 'Compare the rights with docs/security.md; the message names user, verb and resource.',
  },
  KUBE_NOT_FOUND: { what: 'The object or the API does not exist (404).', cure: 'Check name, namespace and cluster.' },
  KUBE_CONFLICT: {
    what: 'Somebody else changed or owns the object (409).',
    cure: 'The helper tries again with the newer object; for a person: read it again and repeat the change.',
  },
  KUBE_EXPIRED: {
    what: 'The asked version of the list is too old (410).',
    cure: 'Nothing to do: the list is read again.',
  },
  KUBE_INVALID: {
    what: 'The API server or an admission policy refuses the object as invalid (422).',
    cure: 'The message names the field or the policy.',
  },
  KUBE_THROTTLED: {
    what: 'The API server asks us to slow down (429).',
    cure: 'Nothing to do: calls are slowed down. If it lasts, look at the flow schemas of API priority and fairness.',
  },
  KUBE_SERVER_ERROR: {
    what: 'The API server, a webhook of it or a proxy before it failed (5xx).',
    cure: 'Look at the API server and its admission webhooks; the call is repeated by itself where that is safe.',
  },
  KUBE_REFUSED: { what: 'The API server refuses the call (4xx).', cure: 'The message says why.' },
  KUBE_BAD_ANSWER: {
    what: 'What answered does not speak like a Kubernetes API server.',
    cure: 'Check that the address is the API server itself and not a login page or another service.',
  },

  // helm: the helm program and releases
  HELM_NOT_FOUND: {
    what: 'No helm program was found.',
    cure: 'Install Helm 3.18 or newer (or 4.x), or set `helm-version` to have one downloaded.',
  },
  HELM_VERSION_UNSUPPORTED: {
    what: 'The helm program found is too old or not the one asked for.',
    cure: 'Use Helm 3.18 or newer, or Helm 4.x.',
  },
  HELM_DOWNLOAD_FAILED: {
    what: 'Helm could not be downloaded, or its checksum is not the pinned one.',
    cure: 'Check `helm-version`, `helm-mirror` and `helm-sha256`, or install Helm on the runner.',
  },
  HELM_PENDING: {
    what: 'An earlier run was ended in the middle: the release is marked as being changed.',
    cure: 'Run the command that the message names, or set `recover-pending: true`.',
  },
  HELM_CONFLICT: {
    what: 'Another field manager owns a field that the chart sets.',
    cure: 'Take the field out of the other tool, or set `force-conflicts: true` to take it over.',
  },
  HELM_OWNERSHIP: {
    what: 'An object of the chart exists already and belongs to something else.',
    cure: 'Delete it, or choose another `release` or `namespace`.',
  },
  HELM_TIMEOUT: {
    what: 'The objects did not become ready in time.',
    cure: 'Look at the Pods and Events in the message; raise `timeout` only if they are merely slow.',
  },
  HELM_FORBIDDEN: {
    what: 'The API server refused helm a right.',
    cure: 'Give the deployer the right that the message names.',
  },
  HELM_VALUES_REFUSED: {
    what: "The chart's own schema refused the values.",
    cure: 'Mend the values that the message names.',
  },
  HELM_CHART: {
    what: 'The chart could not be found, read or rendered.',
    cure: 'Check `chart` and `chart-version`; `helm template` with the same values shows the place.',
  },
  HELM_INVALID_OBJECT: {
    what: 'The API server refused an object of the chart.',
    cure: 'Mend the value that makes the field which the message names.',
  },
  HELM_UNREACHABLE: {
    what: 'Helm could not reach the API server.',
    cure: 'Check that the cluster is up and that its address is reachable from here.',
  },
  HELM_CANCELLED: {
    what: 'Helm was interrupted and marked the release as failed.',
    cure: 'Run again; nothing has to be repaired first.',
  },
  HELM_FAILED: { what: 'Helm failed.', cure: 'Read the line of helm in the message.' },

  // rollout: the work over all clusters
  CLUSTER_UNREACHABLE: {
    what: 'The API server of a cluster does not answer.',
    cure: 'Check that the cluster is up and that this machine may reach its address; then run again.',
  },
  CLUSTER_MISMATCH: {
    what: 'The API server is not the one that the entry names.',
    cure: 'Correct the kubeconfig, the context or `expect` of this entry. Nothing was written.',
  },
  CLUSTER_DUPLICATE: {
    what: 'Two entries are one cluster and one release.',
    cure: 'Remove one of the two entries, or give them different releases.',
  },
  CLUSTER_UNKNOWN: { what: 'No entry of the list has that name.', cure: 'Use one of the names in the message.' },
  KUBECONFIG_MISSING: {
    what: 'The kubeconfig of an entry is not there.',
    cure: 'Write the file in an earlier step, or set the variable; the ambient kubeconfig is never used.',
  },
  DEPLOYER_FORBIDDEN: {
    what: "The deployer's rights in the cluster do not suffice.",
    cure: 'Give the deployer the rights that the message lists. Nothing was written.',
  },
  RELEASE_ELSEWHERE: {
    what: 'Another release of acr-nopass works in this cluster.',
    cure: 'Use its release and namespace, or uninstall it first.',
  },
  ADDON_PRESENT: {
    what: "The vendor's credential add-on works in this cluster; two tools would write the same ServiceAccounts.",
    cure: 'Uninstall the add-on, or set `coexist: true`.',
  },
  WORKER_ROLE_UNKNOWN: {
    what: 'The worker roles of the cluster are not known.',
    cure: 'Set `workerRoles` of the entry, or `ram: none` and apply `acr-nopass policy` yourself.',
  },
  RAM_MODE_CONFLICT: {
    what: 'The input `ram` and `identity.type` of the values contradict each other.',
    cure: 'Use `ram: auto`, or change `identity.type`.',
  },
  RRSA_NOT_ENABLED: {
    what: 'RRSA is not enabled on the cluster.',
    cure: 'Enable RRSA in the ACK console (Basic Information, Security), or use `identity.type: worker-role`.',
  },
  PLAN_CHANGED: {
    what: 'What would change now is not what was approved.',
    cure: 'Run `plan` again and have it approved again.',
  },
  HELPER_FAILING: {
    what: 'The helper cannot do its work with this configuration.',
    cure: 'Mend what the helper reports; its own cure is in the message.',
  },
  POD_FAILING: {
    what: 'A Pod of the release cannot start, and waiting will not help.',
    cure: 'Read the reason in the message; `kubectl describe pod` shows the Events.',
  },
  VERIFY_STATUS: {
    what: 'The helper did not report every registry as live in time.',
    cure: "Run `acr-nopass doctor`; it shows the helper's report.",
  },
  VERIFY_SECRET: {
    what: 'The pull secret did not appear in the probe namespace.',
    cure: 'Run `acr-nopass doctor`; check `targets` and the log of the helper.',
  },
  VERIFY_ATTACH: {
    what: 'A new Pod does not get the reference to the pull secret.',
    cure: 'Check `attach` and the admission policies (`kubectl get mutatingadmissionpolicies`).',
  },
  VERIFY_IMAGE: {
    what: 'The image of `verify-image` was not pulled in the probe namespace.',
    cure: 'Read the Events in the message; check that a registry of the values covers the image.',
  },
  ROLLBACK_FAILED: {
    what: 'The rollback failed too.',
    cure: 'Run `helm history` and `helm rollback` by hand; the message of the rollback is above.',
  },
  RETIRE_INCOMPLETE: {
    what: 'The helper did not report that it took everything back.',
    cure: 'Run `acr-nopass cleanup`, then `acr-nopass uninstall` again.',
  },
  CLUSTER_SKIPPED: {
    what: 'The cluster was not touched because an earlier one failed.',
    cure: 'Mend the failed cluster and run again.',
  },
  ROLLOUT_FAILED: { what: 'At least one cluster failed.', cure: 'Each failed cluster is listed with its cure.' },

  // helper: the program in the cluster
  HELPER_ARGUMENTS: {
    what: 'The helper was started with arguments or an environment that it does not understand.',
    cure: 'Use the chart; it renders the arguments.',
  },
  HELPER_CONFIG_INVALID: {
    what: "The helper's configuration cannot be read or breaks the schema.",
    cure: 'Check the values with `acr-nopass validate`; the helper goes on with the last good configuration.',
  },
  FOREIGN_SECRET: {
    what: "A Secret of the pull secret's name belongs to somebody else; it is left alone.",
    cure: 'Delete or rename it, choose another secretName, or set adopt: true.',
  },
  FOREIGN_LIST: {
    what: 'The imagePullSecrets of a ServiceAccount are owned by another tool that applies them; a change would break its next apply.',
    cure: 'Add the pull secret to the list in that tool (its chart or manifest), or use attach: admission.',
  },
  LIST_FOUGHT: {
    what: 'Another writer keeps removing our entry from the imagePullSecrets of a ServiceAccount.',
    cure: 'Let that writer keep entries it does not know, or opt the ServiceAccount out by the annotation acr-nopass.io/skip: "true".',
  },
  SECRET_NEEDS_DELETE: {
    what: 'The pull secret cannot be replaced in place: another type, immutable, or with more in it than we write.',
    cure: 'Delete that Secret; the helper makes a new one at once.',
  },
  WRITE_REFUSED: {
    what: 'A write in one namespace is refused, by rights, a quota or an admission policy.',
    cure: 'The message says by what; the helper tries again from time to time, and goes on elsewhere.',
  },
  LEASE_LOST: {
    what: 'The lease could not be renewed in time, or another replica took it.',
    cure: 'Nothing to do: the helper restarts and follows. If it lasts, look at the API server.',
  },

  // tools: bootstrap and tool chest
  GO_MISSING: {
    what: 'Go is not there; the tool chest builds its pinned programs with it.',
    cure: 'Install Go 1.21 or newer from https://go.dev/dl/ (Debian/Ubuntu: apt-get install golang-go, macOS: brew install go) and run again.',
  },
  GO_TOO_OLD: {
    what: 'The Go of this machine cannot fetch the toolchain that the pinned programs need.',
    cure: 'Install Go 1.21 or newer from https://go.dev/dl/ and run again; it fetches the exact toolchain by itself.',
  },
  NO_C_COMPILER: {
    what: 'A part of the node is built with a C compiler, and there is none.',
    cure: 'Install gcc and the C library headers (Debian/Ubuntu: apt-get install gcc libc6-dev) and run again.',
  },
  NO_DISK_SPACE: {
    what: 'The disk is too full to build or install what is needed.',
    cure: 'Free space, run `npm run tools -- clean`, or set ACR_NOPASS_CACHE (and GOCACHE, GOMODCACHE) to a larger disk; then run again.',
  },
  TOOL_DOWNLOAD_FAILED: {
    what: 'The source of a pinned program could not be fetched.',
    cure: 'Check the network and GOPROXY (`go env GOPROXY`), then run again; it goes on where it stopped.',
  },
  TOOL_CHECKSUM: {
    what: 'A fetched module is not the one that go.sum pins.',
    cure: 'Do not use it. Run `go clean -modcache`, check GOPROXY, and run again; if it stays, restore tools/ from git.',
  },
  TOOL_BUILD_FAILED: {
    what: 'A pinned program did not build.',
    cure: 'Read the log that the message names; `go clean -cache` and a second run cure a broken build cache.',
  },
  TOOL_NOT_HERE: {
    what: 'The program does not exist for this operating system.',
    cure: 'Run this part on Linux (the other parts work here), or put a program of that name into the folder ACR_NOPASS_TOOLS.',
  },
  TOOL_UNKNOWN: {
    what: 'The tool chest has no tool of that name.',
    cure: 'Run `npm run tools -- list` to see the names.',
  },

  // sandbox: the emulated cloud, clusters and node
  SANDBOX_ARGUMENTS: {
    what: 'A sandbox command does not know an argument.',
    cure: 'Run the command with --help.',
  },
  SEED_UNREADABLE: {
    what: 'The seed file of the emulated cloud cannot be read.',
    cure: 'Check the path and its permissions; without a file the demo accounts are used.',
  },
  SEED_INVALID: {
    what: 'The seed file of the emulated cloud does not describe accounts.',
    cure: 'Compare with examples/sandbox/demo.yaml; the message names the wrong place.',
  },
  SANDBOX_PROCESS: {
    what: 'A program of the sandbox did not start, or ended by itself.',
    cure: 'Read the end of its log in the message; run the command again, after `npm run tools` if a binary is damaged.',
  },
  SANDBOX_TIMEOUT: {
    what: 'A part of the sandbox did not become ready in time.',
    cure: 'Run again when the machine is less busy; the end of the log in the message says what it waited for.',
  },
  SANDBOX_REGISTRY: {
    what: "The sandbox's registry or its token server refused a client of ours.",
    cure: 'Check the user name and password; tokens of the emulated cloud end with their session.',
  },
  SANDBOX_NODE: {
    what: 'This machine cannot run a real node (Linux, root, control groups and overlayfs are needed).',
    cure: 'Run as root on Linux, or without the node: all other parts work everywhere.',
  },
} as const
