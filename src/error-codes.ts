import { CLI_CODES } from './error-codes/cli.ts'
import { CLOUD_CODES, POLICY_CODES, REGISTRY_CODES } from './error-codes/cloud.ts'
import { DOCKER_CODES } from './error-codes/docker-config.ts'
import { GENERAL_CODES, INPUT_CODES } from './error-codes/general.ts'
import { HELM_CODES } from './error-codes/helm.ts'
import { HELPER_CODES } from './error-codes/helper.ts'
import { KUBE_CODES } from './error-codes/kube.ts'
import { LOGIN_CODES } from './error-codes/login.ts'
import { NODE_CODES } from './error-codes/node.ts'
import { NODE_SCRIPT_CODES } from './error-codes/node-script.ts'
import { ROLLOUT_CODES } from './error-codes/rollout.ts'
import { VALUES_CODES } from './error-codes/values.ts'

/**
 * The closed list of error codes, in one file per area. Each entry says what the code means in
 * general and how to fix it. docs/en/errors.md is generated from this list. A code never changes
 * its meaning; a new failure gets a new code.
 */
export const ERROR_CODES = {
  ...GENERAL_CODES,
  ...INPUT_CODES,
  ...VALUES_CODES,
  ...CLOUD_CODES,
  ...REGISTRY_CODES,
  ...POLICY_CODES,
  ...KUBE_CODES,
  ...HELM_CODES,
  ...ROLLOUT_CODES,
  ...LOGIN_CODES,
  ...DOCKER_CODES,
  ...HELPER_CODES,
  ...CLI_CODES,
  ...NODE_CODES,
  ...NODE_SCRIPT_CODES,
}
