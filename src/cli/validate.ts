import manifest from '../../package.json' with { type: 'json' }
import { renderTree } from '../render-tree.ts'
import { noCommands } from '../report/escape.ts'
import { prettyJson, validationJson } from '../report/json.ts'
import { ruleUrl } from '../report/rule-page.ts'
import { reviewSarif } from '../report/sarif.ts'
import { findingsText } from '../report/text.ts'
import { findingsMarkdown, type ValidationScope } from '../report/validation.ts'
import { sarifRules } from '../sarif-rules.ts'
import { validateTree } from '../validate-tree.ts'
import type { ValidateCommand } from './arguments.ts'
import { openTree, prepare, todayOf } from './open.ts'
import type { Context, Outcome } from './run.ts'

/** `validate`: the findings of a whole tree. Exit code 1 where one is an error, 2 where nothing could be judged. */
export async function validate(command: ValidateCommand, context: Context): Promise<Outcome> {
  await using opened = await openTree(command, context)
  const { config, tools } = await prepare(command, opened.tree, context)
  const rendered = await renderTree({ tree: opened.tree, config, entries: command.entries }, tools)
  const { findings, incomplete, versions } = await validateTree(opened.tree, rendered, config, {
    ...tools,
    today: todayOf(context),
  })
  const { kustomizations, helmReleases } = rendered
  const scope: ValidationScope = {
    tree: opened.tree.name,
    stats: {
      objects: [...kustomizations, ...helmReleases].reduce((sum, { objects }) => sum + objects.length, 0),
      kustomizations: kustomizations.length,
      helmReleases: helmReleases.length,
      versions,
    },
  }
  const errors = findings.some(({ level }) => level === 'error')
  const nothing = incomplete.some(({ reason }) => reason === 'no-entry-point')
  const exitCode = errors ? 1 : nothing ? 2 : 0
  switch (command.output) {
    case 'json':
      return { output: validationJson(findings, incomplete, scope), exitCode }
    case 'markdown':
      return { output: noCommands(findingsMarkdown(findings, incomplete, { scope, ruleUrl })), exitCode }
    case 'sarif':
      return {
        output: prettyJson(reviewSarif({ findings }, { toolVersion: manifest.version, rules: sarifRules() })),
        exitCode,
      }
    case 'text':
    case 'yaml':
    case 'plan':
    case 'renovate':
    default:
      return { output: findingsText(findings, incomplete, { colour: context.color, scope }), exitCode }
  }
}
