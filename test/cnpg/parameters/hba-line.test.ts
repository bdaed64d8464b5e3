import { expect, it } from 'vitest'
import { hbaLineProblem } from '../../../src/cnpg/parameters/hba-line.ts'

it.each([
  '',
  '# a comment',
  'local all all peer map=local',
  'local all all trust # behind it, a comment',
  'host all all 10.0.0.0/8 md5',
  'host all all 10.0.0.1 255.255.255.255 scram-sha-256',
  'host all all all scram-sha-256',
  'host all all samenet trust',
  'host all all .example.org scram-sha-256',
  'host all all ::/0 md5',
  'host all all fe80::1 ffff:ffff:: md5',
  'hostssl app,other "my user",+group 10.0.0.0/8 cert clientcert=verify-full',
  'hostssl app, other app 10.0.0.0/8 md5',
  'hostnossl all all 0.0.0.0/0 reject',
  'host all all 0.0.0.0/0 ldap ldapserver=ldap.example.org ldapprefix="cn="',
  'host replication all ${podselector:clients} scram-sha-256',
  'include_if_exists other.conf',
])('parses %s', line => expect(hbaLineProblem(line)).toBeUndefined())

it.each([
  ['hosts all all all md5', /"hosts" is no type of connection/],
  ['host', /database is missing/],
  ['host all', /user is missing/],
  ['host all all', /address is missing/],
  ['host all all 10.0.0.0/8', /method is missing/],
  ['host all all 10.0.0.1 md5', /has no mask: write 10\.0\.0\.1\/32/],
  ['host all all 10.0.0.0/33 md5', /no mask of 0 to 32/],
  ['host all all 10.0.0.256/32 md5', /no address/],
  ['host all all ::1/129 md5', /no mask of 0 to 128/],
  ['host all all 10.0.0.0/8 scram', /"scram" is no authentication method/],
  ['host all all 10.0.0.0/8 peer', /peer is for local/],
  ['host all all 10.0.0.0/8 cert', /cert is for hostssl/],
  ['local all all gss', /gss is not for local/],
  ['local all all 10.0.0.0/8 md5', /"10\.0\.0\.0\/8" is no authentication method/],
  ['host all all 10.0.0.0/8 md5 clientcert', /option "clientcert"/],
  ['host all "all 10.0.0.0/8 md5', /quote/],
])('refuses %s', (line, problem) => expect(hbaLineProblem(line)).toMatch(problem))
