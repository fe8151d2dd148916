import { defineErrors } from '../../kernel/errors.ts'

export const stockFault = defineErrors({
  'stock/not-tracked': { status: 404, zh: '这个规格还没有开账，不能动库存。先「开账」，再收货或挪动。', en: 'the stock of SKU {skuId} is not tracked yet; open its book first' },
  'stock/short': { status: 409, zh: '{place}只有 {available} 件，要的是 {quantity} 件。先收货，或少挪一些。', en: '{place} has {available} units where {quantity} were asked for' },
  'stock/no-shop': { status: 409, zh: '这个规格没有在小店上架，不能往小店挪。', en: 'SKU {skuId} is not listed in a Shop, so no units can be moved there' },
  'stock/share-unknown': { status: 409, zh: '小店那边的数还没读到，等一分钟再挪。', en: 'the share of SKU {skuId} in the Shop has not been read yet; wait a minute' },
})
export const placeNames: Record<string, string> = { mall: '商城', reserve: '备用', shop: '小店', sold: '已售' }
