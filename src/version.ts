import metadata from '../package.json' with { type: 'json' }

/** The one version number of package, chart, image and action. */
export const VERSION: string = metadata.version
