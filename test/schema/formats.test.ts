import { expect, it } from 'vitest'
import { FORMATS } from '../../src/schema/formats.ts'

// kube-openapi pkg/validation/strfmt; what the API server said of them is among the recorded verdicts
it.each<[string, string[], string[]]>([
  ['date', ['2026-02-28', '2024-02-29'], ['2026-02-30', '2026-2-1', '', '2026-02-28T00:00:00Z']],
  [
    'date-time',
    ['2026-02-28T10:00:00Z', '2026-02-28t10:00:00.5z', '2026-02-28T10:00:00,5+01:00'],
    [
      '2026-02-28',
      '2026-02-28T10:00Z',
      '2026-02-28T10:00:60Z',
      '2026-02-30T00:00:00Z',
      '2026-02-28T10:00:00+0100',
    ],
  ],
  [
    'duration',
    ['1h30m', '2 weeks', '3d', 'PT1H', '1.5h', '0', '-1s', 'x 5 min y'],
    ['10', '', 'h', '1 parsec'],
  ],
  ['ipv4', ['10.0.0.1', '010.0.0.1', '::ffff:10.0.0.1'], ['10.0.0.256', '10.0.0', '::1']],
  ['ipv6', ['::1', 'fe80::1', '::ffff:10.0.0.1'], ['10.0.0.1', ':::', '1:2:3:4:5:6:7', 'g::1']],
  ['cidr', ['10.0.0.1/8', '::/0', 'fe80::/64'], ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '::/129']],
  [
    'mac',
    ['00:00:5e:00:53:01', '0000.5e00.5301', '02-00-5e-10-00-00-00-01'],
    ['00:00:5e', '00:00:5e:00:53:zz'],
  ],
  ['byte', ['YQ==', 'YWI=', 'YWJj'], ['', '***', 'YQ', 'YQ=']],
  ['uuid', ['a7f5f2b0-1d5e-4a4b-9c3e-0123456789AB'], ['a7f5f2b0', '']],
  ['email', ['a@b', 'A B <a@b.c>'], ['a@', '@b', 'a b@c', '']],
  ['hostname', ['a', 'a.example.org', 'a-b'], ['a.b', '-a', 'a_b', '']],
  [
    'uri',
    ['https://a/b?c', '/a', 'urn:x', 'http://[::1]:80/'],
    ['x y', 'a/b', '', 'http://a b/', 'http://a:b/'],
  ],
  ['k8s-short-name', ['a', 'a-1'], ['A', 'a.b', '-a', 'a'.repeat(64)]],
  ['k8s-long-name', ['a.b-c', 'a'.repeat(100)], ['A', 'a..b', '']],
  ['isbn', ['0321751043', '978-0321751041'], ['0321751044', 'x']],
  ['creditcard', ['4111 1111 1111 1111'], ['4111 1111 1111 1112']],
  ['hexcolor', ['#FFFFFF', 'abc'], ['#ffff']],
  ['rgbcolor', ['rgb(255, 0,1)'], ['rgb(256,0,0)']],
])('%s', (format, good, bad) => {
  const check = FORMATS[format]?.check
  expect(good.filter(text => check?.(text) !== true)).toEqual([])
  expect(bad.filter(text => check?.(text) !== false)).toEqual([])
})
