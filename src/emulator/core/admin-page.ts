export function adminPage(): string { return '' }
