import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['./test/tools-on-path.ts'],
    // Real kustomize, helm, git and servers run in these tests; two cores.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // the last line of a run says how many passed and failed
    reporters: ['default', './test/closing-line.ts'],
    coverage: { provider: 'v8', include: ['src/**', 'bot/**'], reporter: ['text-summary', 'lcovonly'] },
  },
})
