/** An event's name as a sentence begins: `DataSourceTagsChanged` is "Data source tags changed". */
export function typeWords(type: string): string {
  const words = type
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/\bapi\b/g, 'API')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** `CallsRefused` needs no second word for it. */
export function saysItFailed(type: string): boolean {
  return /(Refused|Failed)$/.test(type)
}
