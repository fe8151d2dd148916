/**
 * Media (媒体): images of the merchant and of readers, for articles, profiles and products. Looked at before they are kept: the type by the first bytes, every
 * pixel decodable, size and pixels limited; written again without notes of the camera or anything behind the end. SVG never.
 *
 * Owns: media.
 *
 * Invariants
 * - The name of an image is the SHA-256 of what is served, so it never changes and may be kept for ever.
 * - Every image says where it is from.
 */
export { checkImage, sniff, maxImageBytes, maxPixels, type CheckedImage, type ImageProblem, type ImageType } from './check-image.ts'
export { addMedia, problemWords, type NewMedia } from './add-media.ts'
export { findMedia, readMedia, listMedia, mediaTotals, blockMedia, nameMedia, type MediaRow } from './store.ts'
export { mediaRoutes } from './routes.ts'
export { mediaFault } from './errors.ts'
