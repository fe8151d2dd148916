export function Voyage() { return null }
