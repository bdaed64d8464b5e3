import { openCatalog } from '../../src/adapters/schema-catalog.ts'
import { admissionTools } from '../../src/admission-tools.ts'
import type { AdmitTools } from '../../src/admit.ts'
import type { JsonObject } from '../../src/manifest/json.ts'
import { fromCatalog } from '../../src/schema/catalog.ts'
import { fromCrds } from '../../src/schema/crd.ts'
import { createValidator } from '../../src/schema/validator.ts'

const catalog = openCatalog()

/** The real tools with the schemas of the catalog and further CRDs. @param operator '1.30.0', or 'main' */
export function toolsFor(operator: string, crds: readonly JsonObject[] = []): AdmitTools {
  const versions = {
    flux: '2.9',
    kubernetes: '1.35.0',
    'barman-cloud': '0.14.0',
    cilium: '1.18.4',
    ...(operator === 'main' ? {} : { cnpg: operator }),
  }
  return admissionTools(createValidator([fromCrds(crds), fromCatalog(catalog, versions)]), operator)
}
