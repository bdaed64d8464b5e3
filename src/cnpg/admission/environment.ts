// pkg/postgres/environment.go (since 1.29; before, the same in cluster_webhook.go)

/** IsReservedEnvironmentVariable */
export function isReservedVariable(name: string): boolean {
  const upper = name.toUpperCase()
  return (
    upper.startsWith('CNPG_') ||
    upper.startsWith('PG') ||
    ['POD_NAME', 'NAMESPACE', 'CLUSTER_NAME'].includes(upper)
  )
}

/** FindUnknownPlaceholders: ${…} other than ${image_root}; an even number of dollars is an escape. */
export function unknownPlaceholders(value: string): string[] {
  return [...value.matchAll(/(\$+)\{([^}]+)\}/g)]
    .filter(([, dollars = '', name]) => dollars.length % 2 === 1 && name !== 'image_root')
    .map(([, , name]) => `\${${name}}`)
}
