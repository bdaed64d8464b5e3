// The action with a canned story, bundled by bundle.test.ts as src/action/main.ts is.
import { start } from '../../src/action/start.ts'
import { cannedReview, plainPrinters } from './canned.ts'

await start(process.env, {
  review: async call =>
    await Promise.resolve(
      cannedReview({
        head: call.head,
        ...(call.base === undefined ? {} : { base: call.base }),
      }),
    ),
  status: async ({ databases }) =>
    await Promise.resolve(
      databases.map(each => ({
        ...each,
        state: 'attention' as const,
        lead: 'fenced',
        markdown: `## ${each.name}`,
      })),
    ),
  plan: async () => await Promise.resolve(undefined),
  printers: plainPrinters,
})
