import metadata from '../package.json' with { type: 'json' }

/** The version of package, chart, image and action. */
export const VERSION: string = metadata.version
