import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PLUGIN = 'sandbox'

/** Without a network for Pods the runtime, and so the node, is never ready. */
const CONFIG = { cniVersion: '0.4.0', name: 'sandbox', plugins: [{ type: 'loopback' }, { type: PLUGIN }] }

/**
 * A Pod with a network of its own has its loopback there and nobody to talk to; the runtime wants an address all the same. The
 * range is one for measurements (RFC 2544), which leads nowhere.
 */
const SCRIPT = `#!/bin/sh
cat >/dev/null
case $CNI_COMMAND in
ADD)
  id=$(printf %.4s "$CNI_CONTAINERID")
  address=198.18.$((0x\${id%??})).$((0x\${id#??}))
  printf '{"cniVersion":"0.4.0","interfaces":[{"name":"eth0","sandbox":"%s"}],' "$CNI_NETNS"
  printf '"ips":[{"version":"4","interface":0,"address":"%s/32"}]}' "$address"
  ;;
VERSION) printf '{"cniVersion":"0.4.0","supportedVersions":["0.4.0"]}' ;;
esac
`

export interface PodNetworkFolders {
  readonly config: string
  readonly plugins: string
}

/** Writes what the runtime needs to give a Pod a network of its own: configuration and plugins. */
export function writePodNetwork({ config, plugins }: PodNetworkFolders, loopback: string): void {
  mkdirSync(config)
  mkdirSync(plugins)
  writeFileSync(join(config, '10-sandbox.conflist'), JSON.stringify(CONFIG))
  symlinkSync(loopback, join(plugins, 'loopback'))
  writeFileSync(join(plugins, PLUGIN), SCRIPT, { mode: 0o755 })
}
