import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { payErrors } from './errors.ts'

/** Platform certificates (平台证书). Merchants in public key mode (微信支付公钥) have none: 404 RESOURCE_NOT_EXISTS. */
export const certificatesGet = endpoint({
  name: 'pay.certificate.list',
  line: 'pay',
  method: 'GET',
  path: '/v3/certificates',
  credential: 'pay-signature',
  effect: 'read',
  request: z.looseObject({ algorithm_type: z.string().optional() }),
  response: z.looseObject({
    data: z.array(
      z.looseObject({
        serial_no: z.string(),
        effective_time: z.string(),
        expire_time: z.string(),
        encrypt_certificate: z.looseObject({
          algorithm: z.string(),
          nonce: z.string(),
          associated_data: z.string().optional(),
          ciphertext: z.string(),
        }),
      }),
    ),
  }),
  errors: { ...payErrors, RESOURCE_NOT_EXISTS: { retry: 'never', en: 'this merchant has no platform certificate: use the public key (404)' } },
  repeat: 'safe',
  doc: 'GO/core/downloader/downloader_mgr.go; vector V5',
  sample: { request: {} },
  verified: 'sample',
  zh: '下载平台证书',
})
