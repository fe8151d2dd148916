import { defineErrors } from '../../kernel/errors.ts'

export const catalogFault = defineErrors({
  'product/not-found': { status: 404, zh: '没有这个商品。它可能属于别的商家，或者还没从小店取过来。', en: 'there is no product {productId}; it may belong to another merchant or has not been fetched from the Shop yet' },
  'product/no-shop': { status: 409, zh: '还没有连接微信小店，没有可取的商品。先在「设置 › 连接」里接上。', en: 'no WeChat Shop is connected, so there are no products to fetch' },
  'product/unreadable': { status: 502, zh: '平台返回的商品 {productId} 读不懂：{found}。稍后自动重试。', en: 'the platform answered product {productId} with {found}; the read is repeated' },
  'product/bad-file': { status: 400, zh: '「{name}」读不了：{reason}。要 .xlsx 或 .csv，第一行是表头，至少有商品名称和价格。', en: '{name} cannot be read: {reason}; give an .xlsx or .csv whose first row names the columns, title and price among them' },
  'product/no-columns': { status: 400, zh: '没找到「{missing}」这一列。请在预览里指定哪一列是它。', en: 'no column for {missing} was found; say which it is in the preview' },
  'product/bad-rows': { status: 409, zh: '有 {n} 行有问题，一件都没导入。改好再传，或选择跳过它们。', en: '{n} rows have problems and nothing was imported; mend them, or choose to skip them' },
  'product/submit-busy': { status: 409, zh: '「{title}」{state}，等它有结果再提交。', en: '{title} is {state}; wait for the result' },
  'product/submit-problems': { status: 409, zh: '「{title}」还不能提交：{problems}。', en: '{title} cannot be submitted yet: {problems}' },
  'category/not-found': { status: 404, zh: '没有这个分类：{categoryId}。', en: 'there is no category {categoryId}' },
  'category/too-deep': { status: 409, zh: '分类最多两层：「{name}」放不进另一个二级分类里。', en: 'categories have two levels at most: {name} cannot go below a second-level one' },
})
