/** What a token server tells a registry about itself (`cloud.registryAuth`). */
export interface RegistryAuth {
  /** The URL that clients ask for a token. */
  readonly realm: string
  readonly service: string
  readonly issuer: string
  /** Of the key that signs the tokens. */
  readonly certificatePem: string
}

export interface RegistryConfig {
  readonly address: string
  readonly dataFolder: string
  /** Holds the token server's certificate. */
  readonly certificateFile: string
  readonly auth: RegistryAuth
}

/** The configuration of distribution 3 (JSON, which is YAML): files on disk, and a token for every request. */
export function registryConfig({ address, dataFolder, certificateFile, auth }: RegistryConfig): string {
  return JSON.stringify({
    version: 0.1,
    log: { level: 'warn', accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: dataFolder }, delete: { enabled: true } },
    http: { addr: address, secret: 'one process, one secret' },
    auth: {
      token: {
        realm: auth.realm,
        service: auth.service,
        issuer: auth.issuer,
        rootcertbundle: certificateFile,
        signingalgorithms: ['RS256'],
      },
    },
  })
}
