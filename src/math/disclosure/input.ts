export class DisclosureInputError extends Error {
  override name = 'DisclosureInputError'
}

export function refuse(message: string): never {
  throw new DisclosureInputError(message)
}
