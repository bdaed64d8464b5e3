import { expect, it } from 'vitest'
import { fuzz, processorTime } from './fuzz.ts'

// `npm run fuzz` takes 100,000; here as many as a test may
it('neither ends in an error nor answers twice differently, whatever the object holds', () => {
  const { objects, accepted, failures } = fuzz(1500, 20_261_125, processorTime)
  expect(failures).toEqual([])
  expect(objects).toBe(1500)
  // else the mutations are too wild to reach the later stages
  expect(accepted).toBeGreaterThan(150)
}, 120_000)
