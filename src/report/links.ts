import type { MarkdownOptions } from './markdown.ts'
import { ruleUrl } from './rule-page.ts'

/** Where links of a report lead, and which pull request it is for. */
export interface ReportContext {
  /** 'https://github.com/acme/fleet' */
  repositoryUrl: string
  /** the commit whose files links show */
  headSha: string
  number?: number
  /** where the whole report is: the run of the workflow, or a page of the bot */
  runUrl?: string
  /** where docs/rules of the version that runs is; absent: that of the main branch */
  documentation?: string
}

/** The links of a report, for its printers. */
export function linksOf({ repositoryUrl, headSha, runUrl, documentation }: ReportContext): MarkdownOptions {
  return {
    ruleUrl: id => ruleUrl(id, documentation),
    linkTo: (file, line) =>
      `${repositoryUrl}/blob/${headSha}/${file.split('/').map(encodeURIComponent).join('/')}${line === undefined ? '' : `#L${line}`}`,
    ...(runUrl === undefined ? {} : { summaryUrl: runUrl }),
  }
}
