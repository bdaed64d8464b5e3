import { compare, parse, type SemVer } from 'semver'

export interface OperatorStep {
  /** version of the chart, or of the image where the operator comes without one */
  to: string
  /** version of the operator that it deploys */
  operator: string
  class: 'chart-only' | 'operator-patch' | 'operator-minor'
}

export interface OperatorSteps {
  /** the newest of the minor in use; restarts every database, as each release of the operator does */
  patch?: OperatorStep
  /** the newest of the next minor, never of a later one */
  minor?: OperatorStep
  /** the minors that follow the next step, '1.30', in order: they come once that step is on the base branch */
  later: readonly string[]
  /** sentences: what keeps a step from being proposed */
  remarks: readonly string[]
}

interface Known {
  version: SemVer
  text: string
  operator: SemVer
}

/**
 * The next step of the operator: one minor at a time, as its documentation asks ("Upgrades": do not skip minors), although
 * its charts count otherwise (0.27 → 0.28 is a minor of the operator).
 * @param operatorOf the version of the operator that a chart deploys; undefined: not known, never guessed
 */
export function operatorSteps(
  current: string,
  versions: readonly string[],
  operatorOf: (version: string) => string | undefined,
): OperatorSteps {
  const here = readKnown(current, operatorOf)
  if (here === undefined)
    return { later: [], remarks: [`Which operator ${current} deploys is not known, so no step is proposed.`] }
  const ahead = versions.flatMap(text => {
    const version = parse(text)
    const isAhead = version !== null && version.prerelease.length === 0 && compare(version, here.version) > 0
    return isAhead ? [text] : []
  })
  const known = ahead
    .flatMap(text => readKnown(text, operatorOf) ?? [])
    .filter(({ operator }) => operator.prerelease.length === 0 && compare(operator, here.operator) >= 0)
    .toSorted((a, b) => compare(b.operator, a.operator) || compare(b.version, a.version))
  const remarks: string[] = []
  const unknown = ahead.filter(text => readKnown(text, operatorOf) === undefined)
  if (unknown.length > 0)
    remarks.push(`Which operator ${unknown.join(', ')} deploys is not known, so it is not proposed.`)
  const minors = [...new Set(known.map(({ operator }) => minorOf(operator)))].toReversed()
  const inUse = minorOf(here.operator)
  const next = `${here.operator.major}.${here.operator.minor + 1}`
  const patch = known.find(({ operator }) => minorOf(operator) === inUse)
  const minor = known.find(({ operator }) => minorOf(operator) === next)
  const later = minors.filter(name => name !== inUse && name !== next)
  if (minor === undefined && later.length > 0)
    remarks.push(
      `Operator ${later.join(', ')} is out, but nothing deploys ${next}, which comes first: minors are not skipped.`,
    )
  return {
    ...(patch === undefined ? {} : { patch: step(patch, here) }),
    ...(minor === undefined ? {} : { minor: step(minor, here) }),
    later,
    remarks,
  }
}

function readKnown(text: string, operatorOf: (version: string) => string | undefined): Known | undefined {
  const version = parse(text)
  const operator = parse(operatorOf(text) ?? '')
  return version === null || operator === null ? undefined : { version, text, operator }
}

function step({ text, operator }: Known, here: Known): OperatorStep {
  const sameOperator = compare(operator, here.operator) === 0
  const kind = sameOperator
    ? 'chart-only'
    : minorOf(operator) === minorOf(here.operator)
      ? 'operator-patch'
      : 'operator-minor'
  return { to: text, operator: operator.version, class: kind }
}

function minorOf({ major, minor }: SemVer): string {
  return `${major}.${minor}`
}
