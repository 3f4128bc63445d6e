import { stringify } from 'yaml'
import { sha256 } from '../../src/lib/text.ts'

/**
 * Returns the manifest with which krew installs the npm package's archive as `kubectl acr-nopass`.
 * Source of its format: https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/
 */
export function krewManifest(metadata: { version: string; homepage: string }, archive: Uint8Array): string {
  const { version, homepage } = metadata
  const repository = homepage.replace(/#.*$/, '')
  return stringify({
    apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
    kind: 'Plugin',
    // krew replaces the dash by an underscore in the name of the link that kubectl looks for.
    metadata: { name: 'acr-nopass' },
    spec: {
      version: `v${version}`,
      homepage: repository,
      shortDescription: 'Pull private ACR images without passwords',
      description:
        'Checks values of acr-nopass, prints RAM policies, and diagnoses why Pods do or do not pull from Alibaba Cloud Container Registry.',
      caveats: 'Needs Node.js 22.19 or newer on the PATH.',
      platforms: [
        {
          selector: { matchExpressions: [{ key: 'os', operator: 'In', values: ['linux', 'darwin'] }] },
          uri: `${repository}/releases/download/v${version}/acr-nopass-npm-${version}.tgz`,
          sha256: sha256(archive),
          files: [{ from: 'package/*', to: '.' }],
          bin: 'bin/acr-nopass',
        },
      ],
    },
  })
}
