// What one order costs in RSA 2048 on both sides, over and over: four signatures (request, payment sheet, answer, notice) and three verifications. Argument:
// seconds. Output: orders a second of this one process.
import { generateKeyPairSync, sign, verify } from 'node:crypto'
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const text = Buffer.alloc(400, 7)
const signature = sign('sha256', text, privateKey)
let orders = 0
const began = performance.now()
while (performance.now() - began < Number(process.argv[2]) * 1000) {
  for (let n = 0; n < 4; n++) sign('sha256', text, privateKey)
  for (let n = 0; n < 3; n++) verify('sha256', text, publicKey, signature)
  orders++
}
process.stdout.write(String((orders / (performance.now() - began)) * 1000))
