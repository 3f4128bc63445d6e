import { matchesImage } from '../acr/match-image.ts'
import type { Observed, PluginFacts, PluginNode } from './observed.ts'

/** True if a kubelet was seen that has our configuration, or called our program. */
export function hasPlugin({ config, calls }: PluginNode): boolean {
  return config === 'ours' || calls > 0
}

/** True if something shows that nodes of the cluster pull without a Secret. */
export function usesPlugin({ nodes, grantsTokens }: PluginFacts): boolean {
  return grantsTokens === true || nodes.some(hasPlugin)
}

/** Returns the node if its kubelet calls our program for the image. */
export function nodeThatPulls({ plugins }: Observed, node: string | undefined, image: string): PluginNode | undefined {
  const found = plugins?.nodes.find(({ name }) => name === node)
  return found?.config === 'ours' && isMatched(plugins, image) ? found : undefined
}

export function isMatched(plugins: PluginFacts | undefined, image: string): boolean {
  return plugins?.matchImages.some((pattern) => matchesImage(pattern, image)) ?? false
}

/** The minor version of a kubelet; NaN if it is not known. */
export function minorOf(version: string): number {
  return Number(/^v?\d+\.(\d+)/.exec(version)?.[1] ?? Number.NaN)
}
