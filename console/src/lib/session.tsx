import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import { useMutation, useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query'
import { ApiError, request, setRequestContext, withQuery, type Query } from './api.ts'
import type { BlockKey, Me, Membership, Right, SeaState } from './types.ts'

/** Who is signed in and which merchant is open. */
export type SessionValue = {
  me: Me
  tenant: Membership
  chooseTenant: (slug: string) => void
  may: (right: Right) => boolean
  on: (block: BlockKey) => boolean
  /** `/api/t/<slug>` plus the path. */
  url: (path: string, query?: Query) => string
}
const SessionContext = createContext<SessionValue | undefined>(undefined)

export const useMe = (): UseQueryResult<Me, ApiError> => useQuery<Me, ApiError>({ queryKey: ['me'], queryFn: () => request('GET', '/api/me'), retry: false, staleTime: 60_000 })

const tenantKey = 'qz.merchant'
export function SessionProvider(props: { me: Me; children: ReactNode }): ReactNode {
  const { me } = props
  setRequestContext({ csrf: me.csrf })
  // A link may name its merchant, so that a colleague with several sees the same page.
  const [slug, setSlug] = useState(() => new URLSearchParams(location.search).get('merchant') ?? localStorage.getItem(tenantKey) ?? '')
  const tenant = me.tenants.find((row) => row.slug === slug) ?? me.tenants[0]
  const chooseTenant = useCallback((next: string) => {
    localStorage.setItem(tenantKey, next)
    setSlug(next)
  }, [])
  useEffect(() => {
    if (tenant) localStorage.setItem(tenantKey, tenant.slug)
  }, [tenant])
  const value = useMemo<SessionValue>(() => ({
    me, tenant, chooseTenant, may: (right) => tenant.rights.includes(right), on: (block) => tenant.blocks.includes(block), url: (path, query) => withQuery(`/api/t/${tenant.slug}${path}`, query),
  }), [me, tenant, chooseTenant])
  return <SessionContext.Provider value={value}>{props.children}</SessionContext.Provider>
}
export function useSession(): SessionValue {
  const value = useContext(SessionContext)
  if (!value) throw new Error('used outside of a session')
  return value
}

/** One GET of the open merchant; old figures stay while new ones come. `every`: ms between refreshes. */
export function useGet<T>(path: string, query: Query = {}, options: { enabled?: boolean; every?: number } = {}): UseQueryResult<T, ApiError> {
  const { tenant, url } = useSession()
  return useQuery({
    queryKey: [tenant.slug, path, query] as readonly unknown[], queryFn: (): Promise<T> => request<T>('GET', url(path, query)),
    placeholderData: ((previous: unknown, before: { queryKey: readonly unknown[] } | undefined) => (before?.queryKey[0] === tenant.slug && before.queryKey[1] === path ? previous : undefined)) as never,
    enabled: options.enabled ?? true, refetchInterval: options.every ?? false,
  }) as UseQueryResult<T, ApiError>
}

/** A change; afterwards everything of this merchant that starts with one of `refresh` is read again. */
export function useSend<B = unknown, R = unknown>(method: 'POST' | 'PUT' | 'DELETE', path: (body: B) => string, options: { refresh?: string[]; body?: (input: B) => unknown } = {}) {
  const { tenant, url } = useSession()
  const client = useQueryClient()
  return useMutation<R, ApiError, B>({
    mutationFn: (input) => request<R>(method, url(path(input)), method === 'DELETE' ? undefined : (options.body ? options.body(input) : input)),
    onSuccess: async () => {
      await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === tenant.slug && (options.refresh ?? []).some((prefix) => String(queryKey[1]).startsWith(prefix)) })
    },
  })
}

export const useSea = (): UseQueryResult<SeaState, ApiError> => {
  const { may } = useSession()
  return useGet<SeaState>('/sea', {}, { every: 3_000, enabled: may('chain.read') })
}
/** The present of the merchant's world: simulated seas have their own clock. */
export function useNow(): number {
  const sea = useSea()
  return sea.data?.now ?? Date.now()
}
