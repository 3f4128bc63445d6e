import { appendFileSync } from 'node:fs'

/** Loaded before a program: notes the most memory that it ever had resident, kilobytes, when it ends. */
process.on('exit', () => {
  const file = process.env.ACR_NOPASS_MEMORY_RECORD
  if (file !== undefined) appendFileSync(file, `${process.resourceUsage().maxRSS}\n`)
})
