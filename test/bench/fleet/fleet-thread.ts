import { parentPort, workerData } from 'node:worker_threads'
import { summarizeFleet } from './fleet-summary.ts'

parentPort?.postMessage(await summarizeFleet(workerData))
