// Exchanges the OIDC token of a CI job for a session of a RAM role, and prints it as shell variables.
const { OIDC_TOKEN, OIDC_PROVIDER_ARN, ROLE_ARN, STS = 'https://sts.aliyuncs.com' } = process.env
const Timestamp = new Date().toISOString().replace(/\.\d+/, '')
const query = new URLSearchParams({ Action: 'AssumeRoleWithOIDC', Version: '2015-04-01', Format: 'JSON', Timestamp })
const body = new URLSearchParams({
  OIDCToken: OIDC_TOKEN,
  OIDCProviderArn: OIDC_PROVIDER_ARN,
  RoleArn: ROLE_ARN,
  RoleSessionName: 'acr-nopass',
})
let response = await fetch(`${STS}/?${query}`, { method: 'POST', body })
// STS fails for seconds at a time.
for (let attempt = 1; response.status >= 500 && attempt < 5; attempt++) {
  await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt * Math.random()))
  response = await fetch(`${STS}/?${query}`, { method: 'POST', body })
}
const { Credentials, Code, Message } = await response.json()
if (Credentials) {
  console.log(`export ALIBABA_CLOUD_ACCESS_KEY_ID="${Credentials.AccessKeyId}"`)
  console.log(`export ALIBABA_CLOUD_ACCESS_KEY_SECRET="${Credentials.AccessKeySecret}"`)
  console.log(`export ALIBABA_CLOUD_SECURITY_TOKEN="${Credentials.SecurityToken}"`)
} else {
  console.error(`${Code}: ${Message}`)
  process.exitCode = 1
}
