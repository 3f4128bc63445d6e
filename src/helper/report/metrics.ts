import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>

/** The label `name` of the queue's metrics. */
export const QUEUE = 'acr-nopass'

const LATENCIES = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/**
 * Creates all metrics of the helper, in a registry of their own. The queue's metrics have
 * client-go's names.
 */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[] = []): Gauge<T> =>
    new Gauge({ name, help, labelNames: [...labelNames], registers })
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[] = []): Counter<T> =>
    new Counter({ name, help, labelNames: [...labelNames], registers })
  const latency = <T extends string>(name: string, help: string, labelNames: readonly T[] = []): Histogram<T> =>
    new Histogram({ name, help, labelNames: [...labelNames], buckets: LATENCIES, registers })
  const queueLatency = (name: string, help: string): Histogram<'name'> => {
    const histogram = latency(name, help, ['name'])
    histogram.zero({ name: QUEUE })
    return histogram
  }
  return {
    registry,
    tokenExpiry: gauge(
      'acr_nopass_token_expiry_timestamp_seconds',
      'Expiry of the credential in use; absent if it never expires, and while the release retires.',
      ['registry'],
    ),
    loginRefused: gauge(
      'acr_nopass_login_refused',
      'Whether the registry rejects the credential in use, or its replacement.',
      ['registry'],
    ),
    credentialTooWide: gauge(
      'acr_nopass_credential_too_wide',
      'Whether the registry lets a limited credential pull a repository of another list; absent while that is not known.',
      ['registry'],
    ),
    refreshes: counter('acr_nopass_token_refresh_total', 'Refreshes of credentials by result.', ['registry', 'result']),
    secrets: gauge('acr_nopass_secrets', 'Namespaces by the state of their pull secret.', ['state']),
    serviceAccounts: gauge('acr_nopass_service_accounts', 'ServiceAccounts by the state of their reference.', [
      'state',
    ]),
    writes: counter('acr_nopass_writes_total', 'Writes by kind and outcome (conflict: retried with newer data).', [
      'kind',
      'outcome',
    ]),
    fights: counter(
      'acr_nopass_fights_total',
      'Pull secrets that another writer kept changing, and ServiceAccounts from which it kept removing our entry.',
    ),
    logUnwritable: gauge(
      'acr_nopass_log_unwritable',
      "Whether the helper's own copy of its credentials cannot be written, so that namespaces have credentials that a new leader would not know.",
      [],
    ),
    podsWithoutReference: gauge(
      'acr_nopass_pods_without_reference',
      'Pending Pods that cannot pull because they lack the reference to our pull secret (watchPods or heal).',
    ),
    podsEvicted: counter(
      'acr_nopass_pods_evicted_total',
      'Evictions of such Pods by outcome (blocked: by a disruption budget; only with heal).',
      ['outcome'],
    ),
    watchRestarts: counter('acr_nopass_watch_restarts_total', 'Watches that broke and were restarted.', ['resource']),
    watchProgress: gauge(
      'acr_nopass_watch_last_progress_seconds',
      'Seconds since anything was received from the API server.',
      ['resource'],
    ),
    clockSkew: gauge('acr_nopass_clock_skew_seconds', "How far this machine's clock runs ahead of the cloud's."),
    requests: counter('acr_nopass_kube_requests_total', 'Requests to the API server (code 0: no response).', [
      'verb',
      'resource',
      'code',
    ]),
    ready: latency('acr_nopass_ready_seconds', 'Seconds from the event of an object to the end of our write to it.', [
      'object',
    ]),
    leader: gauge('leader_election_master_status', 'Whether this replica leads.', ['name']),
    buildInfo: gauge('acr_nopass_build_info', 'Always 1; the version is the label.', ['version']),
    queue: {
      depth: gauge('workqueue_depth', 'Current depth of the workqueue.', ['name']),
      adds: counter('workqueue_adds_total', 'Keys added to the workqueue.', ['name']),
      waited: queueLatency(
        'workqueue_queue_duration_seconds',
        'How long in seconds a key stays in the workqueue before it is processed.',
      ),
      worked: queueLatency('workqueue_work_duration_seconds', 'How long in seconds processing a key takes.'),
      retries: counter('workqueue_retries_total', 'Retries of keys of the workqueue.', ['name']),
    },
  }
}
