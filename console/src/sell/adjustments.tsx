export function AdjustmentsPage() { return null }
