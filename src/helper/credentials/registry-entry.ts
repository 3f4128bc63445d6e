import type { RegistryToken, TokenSource } from '../../acr/token-source.ts'
import type { HelperConfig } from '../../values/helper-config.generated.ts'
import type { Verification } from './registry-state.ts'

export type RegistryValues = HelperConfig['registries'][number]

/** A configured registry with what gets its tokens. */
export interface RegistryEntry {
  readonly name: string
  readonly values: RegistryValues
  readonly source: TokenSource
  /** Whether the registry itself takes a credential; `skipped` where values say not to ask. Never rejects but for the signal. */
  readonly verify: (token: RegistryToken, signal: AbortSignal) => Promise<Verification>
}
