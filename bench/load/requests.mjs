// Requests that were built before the clock starts: a file of them, each preceded by its length (4 bytes).
import { readFileSync } from 'node:fs'

export function readRequests(file) {
  const bytes = readFileSync(file)
  const requests = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    requests.push(bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return requests
}
