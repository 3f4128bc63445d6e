/** The options of all commands that may have to build tools. */
export const TOOL_OPTIONS = {
  build: { type: 'boolean', default: false },
  'keep-caches': { type: 'boolean', default: false },
} as const
