import { createHash } from 'node:crypto'
import type { Log, ReportingDescriptor, Result } from 'sarif'
import type { Finding } from '../manifest/finding.ts'
import { resourceKey, resourceLabel } from '../manifest/resource.ts'
import { visible } from './escape.ts'
import type { Review } from './review.ts'

/** What is known of a rule beside its id. */
export interface RuleDescription {
  id: string
  /** one sentence */
  summary: string
  /** Markdown: why, and the repair */
  help?: string
  helpUri?: string
  level?: Finding['level']
}

// What code scanning takes of one run (docs.github.com, "SARIF support for code scanning": results, of which it shows 5,000).
const RESULTS = 25_000

/**
 * Findings as SARIF 2.1.0. A finding without a file has no location and stands last; code scanning ignores it.
 * The fingerprint leaves out the line, so that a finding is the same one when lines above it come or go.
 */
export function reviewSarif(
  review: Pick<Review, 'findings'>,
  options: { toolVersion: string; rules?: readonly RuleDescription[] },
): Log {
  const order = { error: 0, warning: 1, note: 2 }
  const findings = review.findings
    .toSorted(
      (a, b) =>
        Number(a.file === undefined) - Number(b.file === undefined) || order[a.level] - order[b.level],
    )
    .slice(0, RESULTS)
  const known = new Map((options.rules ?? []).map(rule => [rule.id, rule]))
  const ids = [...new Set(findings.map(({ ruleId }) => ruleId))].toSorted()
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'cnpg-steward',
            semanticVersion: options.toolVersion,
            rules: ids.map(id => descriptor(id, known.get(id))),
          },
        },
        originalUriBaseIds: { '%SRCROOT%': { description: { text: 'the root of the repository' } } },
        results: resultsOf(findings, ids),
      },
    ],
  }
}

function descriptor(id: string, rule: RuleDescription | undefined): ReportingDescriptor {
  if (rule === undefined) return { id, shortDescription: { text: id } }
  return {
    id,
    shortDescription: { text: rule.summary },
    ...(rule.help === undefined ? {} : { help: { text: rule.help, markdown: rule.help } }),
    ...(rule.helpUri === undefined ? {} : { helpUri: rule.helpUri }),
    ...(rule.level === undefined ? {} : { defaultConfiguration: { level: rule.level } }),
  }
}

function resultsOf(findings: readonly Finding[], ids: readonly string[]): Result[] {
  const seen = new Map<string, number>()
  return findings.map(finding => {
    const { ruleId, level, message, repair, resource, file, line } = finding
    const identity = createHash('sha256').update(identityOf(finding)).digest('hex')
    const before = seen.get(identity) ?? 0
    seen.set(identity, before + 1)
    const subject = resource === undefined ? '' : `${resourceLabel(resource)}: `
    return {
      ruleId,
      ruleIndex: ids.indexOf(ruleId),
      level,
      message: { text: visible(`${subject}${message}${repair === undefined ? '' : ` ${repair}`}`) },
      ...(file === undefined
        ? {}
        : {
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: uriOf(file), uriBaseId: '%SRCROOT%' },
                  ...(line === undefined ? {} : { region: { startLine: line } }),
                },
              },
            ],
          }),
      partialFingerprints: { 'cnpgStewardFinding/v1': `${identity}:${before + 1}` },
    }
  })
}

function identityOf({ ruleId, file, resource, field, cluster, message }: Finding): string {
  return JSON.stringify([ruleId, file, resource && resourceKey(resource), field, cluster, message])
}

function uriOf(file: string): string {
  return file.toWellFormed().split('/').map(encodeURIComponent).join('/')
}
