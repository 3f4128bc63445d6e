import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { vendorClients } from '../../support/cloud/vendor-sdk.ts'

/**
 * Runs the calls of Alibaba's command line that the pages print through the vendor's own SDK. The
 * CLI itself only connects to its built-in table of hosts over TLS.
 * - `aliyun PRODUCT ACTION --Parameter value`: a parameter is a flag with the same name
 *   (https://www.alibabacloud.com/help/en/cli/call-rpc-api)
 * - `aliyun cs POST /path --header "Content-Type=application/json;" --body JSON`
 *   (https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/user-guide/best-practices-of-authorization)
 */
const VERSIONS: Readonly<Record<string, string>> = { ram: '2015-05-01', ims: '2019-08-15', cs: '2015-12-15' }

const [product = '', action = '', ...rest] = process.argv.slice(2)
const version = VERSIONS[product]
if (version === undefined) throw new Error(`aliyun: product '${product}' is not known`)
const { tokens } = parseArgs({ args: rest, strict: false, tokens: true })
const query: Record<string, string> = {}
for (const token of tokens) {
  if (token.kind === 'option') query[token.name] = ''
  else if (token.kind === 'positional') query[Object.keys(query).at(-1) ?? ''] = token.value
}
const {
  ACR_NOPASS_TEST_RAM: ram = '',
  ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId = '',
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret = '',
} = process.env
const { call } = vendorClients({ endpoints: { ram } }, { accessKeyId, accessKeySecret })
if (product === 'cs') {
  const [path = ''] = rest
  assert.deepEqual([action, query.header], ['POST', 'Content-Type=application/json;'])
  await call({ action: '', version, path, body: JSON.parse(query.body ?? '') })
} else process.stdout.write(`${JSON.stringify(await call({ action, version, query }), null, 2)}\n`)
