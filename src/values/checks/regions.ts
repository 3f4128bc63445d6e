import lists from '../../../schemas/chart-lists.json' with { type: 'json' }

/**
 * Regions of Alibaba Cloud that have Container Registry: the endpoint map of the vendor's SDK
 * (@alicloud/cr20181201 2.2.2). A new region needs a new release, or `endpoints.cr` in values.
 */
export const REGIONS: readonly string[] = lists.regions
