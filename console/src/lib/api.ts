import type { Language } from './format.ts'

/** What the server says when something could not be done: a sentence for the screen and a code for looking it up. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly params: Record<string, unknown>
  constructor(status: number, code: string, message: string, params: Record<string, unknown> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.params = params
  }
}

let memory: { csrf: string; language: Language } = { csrf: '', language: 'zh' }
/** The page token and language that go with every request. */
export function setRequestContext(next: Partial<typeof memory>): void {
  memory = { ...memory, ...next }
}

export type Query = Record<string, string | number | boolean | undefined | null>
export function withQuery(path: string, query: Query = {}): string {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '')
  return entries.length === 0 ? path : `${path}?${new URLSearchParams(entries.map(([key, value]) => [key, String(value)]))}`
}

export async function request<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T> {
  let response: Response
  try {
    response = await fetch(path, {
      method,
      headers: { 'x-language': memory.language, ...(method === 'GET' ? {} : { 'x-csrf': memory.csrf }), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch {
    throw new ApiError(0, 'http/offline', '')
  }
  const raw = await response.text()
  let answer: unknown
  try {
    answer = raw === '' ? undefined : JSON.parse(raw)
  } catch {
    throw new ApiError(response.status, 'http/not-json', raw.slice(0, 120))
  }
  if (response.ok) return answer as T
  const error = (answer as { error?: { code: string; message: string; params: Record<string, unknown> } } | undefined)?.error
  throw new ApiError(response.status, error?.code ?? `http/${response.status}`, error?.message ?? response.statusText, error?.params)
}
