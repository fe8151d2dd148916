/**
 * Catalog (商品): one product, its SKUs, and its listings on two shelves: the WeChat Shop, where the platform keeps its own copy, and the mall, which shows
 * ours. Shop products come in by doorbell and by a daily back-fill; nothing is joined by name, only by the merchant's own SKU codes.
 *
 * Owns: product, sku, listing, listing_sku, category, shop_submission.
 *
 * Invariants
 * - A platform SKU belongs to one SKU of ours for good.
 * - Editing for the mall never changes what the Shop shows, and the other way round.
 */
export { shopProductReader, productBackfill, productBackfillKind, readShopProduct, type CatalogPlatform, type ShopProductState } from './read-shop-product.ts'
export { checkListing, type ListingProblem, type ListingFacts } from './check-listing.ts'
export { catalogRoutes, viewProducts, skuName, type CatalogPorts, type ProductView } from './routes.ts'
export { productRoutes, shopCategoriesJob, shopCategoriesKind, type ProductPorts } from './product-routes.ts'
export { auditFacts, checkSubmission, submitFind, submitJob, submitReply, type SubmitProblem } from './submit-product.ts'
export { queryWords, wordsOf } from './search-words.ts'
export { countFound, listCategories, type CategoryRow, type ProductFilter } from './store.ts'
export { saveShopProducts, listProducts, countProducts, skusOfProducts, shopListingsOf, skuCards, putListings, type ListingStatus, type ProductRow, type SkuRow, type SkuCard } from './store.ts'
export { catalogFault } from './errors.ts'
