/**
 * Names a session after the job. ActionTrail shows the name. STS accepts 2 to 64 letters, digits
 * and `.@-_`.
 */
export function sessionNameOf(env: NodeJS.ProcessEnv): string {
  const name = `acr-nopass-${env.GITHUB_REPOSITORY ?? 'local'}-${env.GITHUB_RUN_ID ?? '0'}`
  return name.replace(/[^\w.@-]/g, '-').slice(-64)
}
