/** What a kubelet's metrics say about image credential providers. */
export interface ProviderMetrics {
  /** `sha256:…`, of the configuration with which the kubelet started. */
  readonly configHash: string | undefined
  readonly calls: number
  readonly errors: number
}

/**
 * Reads the metrics of one provider. Sources: Kubernetes v1.37.2,
 * pkg/credentialprovider/plugin/metrics.go; older kubelets repeat the subsystem in the names
 * (`kubelet_kubelet_…`), and count errors without `_total`.
 */
export function readProviderMetrics(text: string, provider: string): ProviderMetrics {
  const lines = text.split('\n').filter((line) => /^kubelet_(?:kubelet_)?credential_provider_/.test(line))
  const readValue = (name: RegExp): number => {
    const line = lines.find((one) => name.test(one) && one.includes(`plugin_name="${provider}"`))
    const value = Number(line?.split(' ').at(-1))
    return Number.isFinite(value) ? value : 0
  }
  const hash = lines.flatMap((line) => /_config_info\{hash="(sha256:[0-9a-f]{64})"\} 1$/.exec(line)?.[1] ?? [])
  return {
    configHash: hash[0],
    calls: readValue(/_plugin_duration_count\{/),
    errors: readValue(/_plugin_errors(?:_total)?\{/),
  }
}
