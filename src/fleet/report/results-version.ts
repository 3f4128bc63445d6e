/**
 * The version of the JSON of a check. It changes if a key changes its meaning or disappears; new
 * keys do not change it.
 */
export const RESULTS_VERSION = 1
