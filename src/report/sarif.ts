import { createHash } from 'node:crypto'
import type { Log, Notification, ReportingDescriptor, Result } from 'sarif'
import type { Finding } from '../manifest/finding.ts'
import { resourceKey, resourceLabel } from '../manifest/resource.ts'
import { clip, visible } from './escape.ts'
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
// The same page: 1,024 characters for descriptions of rules, 255 for ids. Messages have no limit there; a file has 10 MB.
const DESCRIPTION = 1024
const ID = 255
const MESSAGE = 2000
const ORDER: Record<Finding['level'], number> = { error: 0, warning: 1, note: 2 }

/**
 * Findings as SARIF 2.1.0. A finding without a file is a notification of the run: code scanning refuses the whole file for
 * one result without a location (github/codeql-action issue 1738).
 * The fingerprint leaves out the line, so that a finding is the same one when lines above it come or go.
 */
export function reviewSarif(
  review: Pick<Review, 'findings'>,
  options: { toolVersion: string; rules?: readonly RuleDescription[] },
): Log {
  const sorted = review.findings.toSorted((a, b) => ORDER[a.level] - ORDER[b.level])
  const findings = sorted.filter(({ file }) => file !== undefined).slice(0, RESULTS)
  const elsewhere = sorted.filter(({ file }) => file === undefined).slice(0, RESULTS)
  const known = new Map((options.rules ?? []).map(rule => [rule.id, rule]))
  const ids = [...new Set(findings.map(({ ruleId }) => clip(ruleId, ID)))].toSorted()
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
        invocations: [
          { executionSuccessful: true, toolExecutionNotifications: elsewhere.map(notificationOf) },
        ],
        results: resultsOf(findings, ids),
      },
    ],
  }
}

function descriptor(id: string, rule: RuleDescription | undefined): ReportingDescriptor {
  if (rule === undefined) return { id, shortDescription: { text: id } }
  return {
    id,
    shortDescription: { text: clip(rule.summary, DESCRIPTION) },
    ...(rule.help === undefined ? {} : { help: { text: rule.help, markdown: rule.help } }),
    ...(rule.helpUri === undefined ? {} : { helpUri: rule.helpUri }),
    ...(rule.level === undefined ? {} : { defaultConfiguration: { level: rule.level } }),
  }
}

function resultsOf(findings: readonly Finding[], ids: readonly string[]): Result[] {
  const seen = new Map<string, number>()
  return findings.map(finding => {
    const { level, file = '', line } = finding
    const ruleId = clip(finding.ruleId, ID)
    const identity = createHash('sha256').update(identityOf(finding)).digest('hex')
    const before = seen.get(identity) ?? 0
    seen.set(identity, before + 1)
    const fingerprint = `${identity}:${before + 1}`
    return {
      ruleId,
      ruleIndex: ids.indexOf(ruleId),
      level,
      message: { text: messageOf(finding) },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: uriOf(file), uriBaseId: '%SRCROOT%' },
            ...(line === undefined ? {} : { region: { startLine: Math.max(1, Math.floor(line)) } }),
          },
        },
      ],
      // code scanning compares the first one only; the upload action would else make it from the text of the lines
      partialFingerprints: {
        primaryLocationLineHash: fingerprint,
        'cnpgStewardFinding/v1': fingerprint,
      },
    }
  })
}

function notificationOf(finding: Finding): Notification {
  return {
    level: finding.level,
    message: { text: messageOf(finding) },
    associatedRule: { id: clip(finding.ruleId, ID) },
  }
}

function messageOf({ message, repair, resource }: Finding): string {
  const subject = resource === undefined ? '' : `${resourceLabel(resource)}: `
  return visible(clip(`${subject}${message}${repair === undefined ? '' : ` ${repair}`}`, MESSAGE))
}

function identityOf({ ruleId, file, resource, field, cluster, message }: Finding): string {
  return JSON.stringify([ruleId, file, resource && resourceKey(resource), field, cluster, message])
}

function uriOf(file: string): string {
  return file.toWellFormed().split('/').map(encodeURIComponent).join('/')
}
