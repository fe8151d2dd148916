import { useSyncExternalStore } from 'react'
import { breakpoints } from '../ui/tokens.ts'

function media(query: string): () => boolean {
  const list = matchMedia(query)
  return () => useSyncExternalStore((changed) => {
    list.addEventListener('change', changed)
    return () => list.removeEventListener('change', changed)
  }, () => list.matches)
}
/** Under 768 px: phone layout. */
export const usePhone = media(`(max-width: ${breakpoints.phone - 1}px)`)
/** Somebody asked their device for less motion. */
export const useStill = media('(prefers-reduced-motion: reduce)')
