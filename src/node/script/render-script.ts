import type { Architecture, NodeArchive } from './choose-archives.ts'
import { PROFILES, type ProfileName, RANCHER_PATHS } from './profiles.ts'

export interface ScriptOptions {
  readonly profile: ProfileName
  readonly version: string
  readonly archives: Readonly<Partial<Record<Architecture, NodeArchive>>>
  /** The kubelet's configuration of our provider, as JSON. */
  readonly provider: string
  /** The configuration of our program, as JSON. */
  readonly node: string
  readonly healthUrls: readonly string[]
  readonly healthSeconds: number
  /** A command that restarts the kubelet, where systemd does not. */
  readonly restart: string | undefined
  /** The text of node/install.sh. */
  readonly body: string
}

/** The kubelet's `healthzBindAddress` and `healthzPort`; k3s on IPv6 binds `::1`. */
export const HEALTH_URLS = ['http://127.0.0.1:10248/healthz', 'http://[::1]:10248/healthz'] as const

/** A line that no JSON document contains. */
const END = 'ACR_NOPASS_END'

/** Returns the script for nodes. Equal options give equal bytes. */
export function renderScript(options: ScriptOptions): string {
  const { profile, version, archives, provider, node, healthUrls, healthSeconds, restart = '', body } = options
  const settings: Readonly<Record<string, string>> = {
    VERSION: version,
    PROFILE: profile,
    SERVICES: PROFILES[profile].services.join(' '),
    RANCHER_CONFIG: RANCHER_PATHS.config,
    URL_amd64: archives.amd64?.url ?? '',
    SHA256_amd64: archives.amd64?.sha256 ?? '',
    URL_arm64: archives.arm64?.url ?? '',
    SHA256_arm64: archives.arm64?.sha256 ?? '',
    HEALTH_URLS: healthUrls.join(' '),
    HEALTH_SECONDS: String(healthSeconds),
    RESTART: restart,
  }
  return [
    '#!/bin/sh',
    `# Installs the credential provider of acr-nopass ${version} on a node. Run it as root, as often as you`,
    '# like: sh SCRIPT [--remove] [--root FOLDER]. It contains no secret.',
    ...Object.entries(settings).map(([name, value]) => `${name}=${quote(value)}`),
    'write_settings() {',
    ...[
      ['provider.json', provider],
      ['node.json', node],
    ].map(([file, text]) => `  cat > "$1/${file}" << '${END}'\n${text?.trimEnd()}\n${END}`),
    '}',
    '',
    body.trimEnd(),
    '',
  ].join('\n')
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
