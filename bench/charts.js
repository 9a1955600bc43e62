export function chartOf() { return '' }
