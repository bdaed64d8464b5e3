import { writeSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/**
 * Closes `npm test` with 'N passed, N failed', and before it what did not run: a suite that failed to load counts as a
 * failure, and a test that was left out is named, so that silence is never success.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0
    let failed = errors.length
    const leftOut: string[] = []
    for (const module of modules) {
      let tests = 0
      for (const test of module.children.allTests()) {
        tests += 1
        const { state } = test.result()
        if (state === 'passed') passed += 1
        else if (state === 'failed') failed += 1
        else leftOut.push(`${module.relativeModuleId} > ${test.fullName}`)
      }
      // a file that cannot be loaded, or a hook of it that fails, has no test to blame
      failed += module.errors().length
      if (tests === 0) leftOut.push(module.relativeModuleId)
    }
    if (modules.length === 0) leftOut.push('everything: no test file was found')
    const lines = [...leftOut.map(name => `left out: ${name}`), `${passed} passed, ${failed} failed`]
    // the summary of the coverage comes after all reporters
    process.once('exit', () => writeSync(1, `${lines.join('\n')}\n`))
  }
}
