// Generated from schemas/generated/ by scripts/generate-values.ts. Do not edit.
export const KUBERNETES_VERSION = '1.37'
