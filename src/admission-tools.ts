import type { AdmitTools } from './admit.ts'
import { checkRules } from './cel/check-rules.ts'
import { mutate, validate } from './cnpg/admission/webhooks.ts'
import type { Validator } from './schema/validator.ts'

/**
 * The stages of the API server beside its schema: the rules in CEL, and the webhooks of an operator.
 * @param operator '1.28.0', or 'main'
 * @param volumeSnapshots whether the cluster has the VolumeSnapshot CRD, which the operator asks for
 */
export function admissionTools(
  validator: Validator,
  operator: string,
  { volumeSnapshots }: { volumeSnapshots: boolean } = { volumeSnapshots: false },
): AdmitTools {
  return {
    kindOf: (apiVersion, kind) => validator.kindOf(apiVersion, kind),
    checkRules,
    mutate: request => mutate(request, operator),
    validate: request => validate(request, operator, { volumeSnapshots }),
  }
}
