import type { WantedNames } from '../remove/workload.ts'

/** A word that could be the name of an object. */
const WORD = /[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?/g

/**
 * Finds names of Secrets in objects. Inside a text a name counts only as a whole word, because a
 * Secret may be called `acr`.
 */
export function createWantedNames(names: ReadonlySet<string>): WantedNames {
  return {
    isName: (text) => names.has(text),
    namesIn: (text) => {
      const found = new Set<string>()
      for (const [word] of text.matchAll(WORD)) if (names.has(word)) found.add(word)
      return [...found]
    },
  }
}
