import type { Cluster } from './cluster-types.ts'
import { forbidden, invalid, type FieldError } from './field-error.ts'
import { since, type OperatorRelease } from './operator-release.ts'
import { parsePostgresSize } from './parameters.ts'
import { compareQuantities, printQuantity, quantityOrZero, type Quantity } from '../quantity.ts'

const PATH = 'spec.resources'

export function validateResources({ spec }: Cluster, release: OperatorRelease): FieldError[] {
  const requests = spec.resources?.requests ?? {}
  const limits = spec.resources?.limits ?? {}
  const memory = quantityOrZero(requests['memory'])
  const errors = [
    ...requestWithinLimit('cpu', 'CPU', 'cpu'),
    ...requestWithinLimit('memory', 'Memory', 'memory'),
  ]
  const sharedBuffers = parsePostgresSize(spec.postgresql?.parameters?.['shared_buffers'] ?? '')
  if (since(release, '1.26.1')) {
    const pages = hugePages()
    const none = [requests['cpu'], limits['cpu'], requests['memory'], limits['memory']].every(
      quantity => quantityOrZero(quantity).nano === 0n,
    )
    if (none && pages.size > 0) errors.push(forbidden(PATH, 'HugePages require cpu or memory'))
    if (typeof sharedBuffers !== 'string' && !fits(sharedBuffers, pages.values()))
      errors.push(tooSmall(`${PATH}.requests`))
  } else if (typeof sharedBuffers !== 'string' && !fits(sharedBuffers, []))
    errors.push(tooSmall(`${PATH}.requests.memory`))
  return [...errors, ...requestWithinLimit('ephemeral-storage', 'Ephemeral storage', 'storage')]

  function requestWithinLimit(name: string, what: string, field: string): FieldError[] {
    const request = quantityOrZero(requests[name])
    const limit = quantityOrZero(limits[name])
    if (request.nano === 0n || limit.nano === 0n || compareQuantities(request, limit) <= 0) return []
    return [
      invalid(
        `${PATH}.requests.${field}`,
        printQuantity(request),
        `${what} request is greater than the limit`,
      ),
    ]
  }

  /** validateHugePagesResources: requests must equal the limits where both are given */
  function hugePages(): Map<string, Quantity> {
    const found = new Map<string, Quantity>()
    for (const [name, text] of huge(limits)) found.set(name, quantityOrZero(text))
    for (const [name, text] of huge(requests)) {
      const request = quantityOrZero(text)
      const limit = found.get(name)
      if (limit === undefined) found.set(name, request)
      else if (compareQuantities(limit, request) !== 0)
        errors.push(
          invalid(
            `${PATH}.requests.${name}`,
            printQuantity(request),
            'HugePages requests must equal the limits',
          ),
        )
    }
    return found
  }

  /** hasEnoughMemoryForSharedBuffers */
  function fits(wanted: Quantity, pages: Iterable<Quantity>): boolean {
    if (memory.nano === 0n || compareQuantities(wanted, memory) <= 0) return true
    return [...pages].some(quantity => compareQuantities(wanted, quantity) <= 0)
  }

  function tooSmall(field: string): FieldError {
    return invalid(
      field,
      printQuantity(memory),
      'Memory request is lower than PostgreSQL `shared_buffers` value',
    )
  }
}

function huge(resources: Record<string, string>): [string, string][] {
  return Object.entries(resources).filter(([name]) => name.startsWith('hugepages-'))
}
