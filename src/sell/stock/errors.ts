import { defineErrors } from '../../kernel/errors.ts'

export const stockFault = defineErrors({
  'stock/not-tracked': { status: 404, zh: '这个规格还没有开账，不能动库存。先「开账」，再收货或挪动。', en: 'the stock of SKU {skuId} is not tracked yet; open its book first' },
  'stock/short': { status: 409, zh: '{place}只有 {available} 件，要的是 {quantity} 件。先收货，或少挪一些。', en: '{place} has {available} units where {quantity} were asked for' },
  'stock/no-shop': { status: 409, zh: '这个规格没有在小店上架，不能往小店挪。', en: 'SKU {skuId} is not listed in a Shop, so no units can be moved there' },
  'stock/no-take': { status: 404, zh: '没有这次盘点。回盘点列表重新打开。', en: 'there is no stock-take {takeId}; open one from the list' },
  'stock/take-state': { status: 409, zh: '这次盘点已经是「{state}」，不能再改。要重数就新开一次。', en: 'stock-take {takeId} is {state} and cannot be changed; open another one to count again' },
  'stock/take-reason': { status: 409, zh: '{sku} 的数对不上（差 {difference} 件），请选一个原因。', en: 'SKU {sku} differs by {difference} units; give a reason' },
  'stock/take-changed': { status: 409, zh: '数又被改过了，请再看一遍差异后确认。', en: 'the counts of stock-take {takeId} have changed since they were shown; look at them again and confirm' },
  'stock/no-warehouse': { status: 404, zh: '没有这个仓库，或者它已经停用。', en: 'there is no open warehouse {warehouseId}' },
  'stock/no-alarm': { status: 404, zh: '没有这条提醒，或者它要等货补上才会消失。', en: 'alarm {alarmId} is not open, or only units can clear it' },
  'stock/share-unknown': { status: 409, zh: '小店那边的数还没读到，等一分钟再挪。', en: 'the share of SKU {skuId} in the Shop has not been read yet; wait a minute' },
})
export const placeNames: Record<string, string> = { mall: '商城', reserve: '备用', shop: '小店', sold: '已售' }
