import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real kustomize, helm, git and servers run in these tests; two cores.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    coverage: { provider: 'v8', include: ['src/**', 'bot/**'], reporter: ['text-summary', 'lcovonly'] },
  },
})
