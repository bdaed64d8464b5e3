import type { Finding } from '../manifest/finding.ts'
import { textAt } from '../manifest/json.ts'
import { nearName } from '../manifest/near-name.ts'
import type { RenderedKustomization } from '../manifest/rendered.ts'
import { isOpen, KUSTOMIZE_GROUP } from './flux-kinds.ts'

interface Annotation {
  /** the values with a meaning; the first is what people want of it */
  values: readonly string[]
  /** values that say the default, and are meant so */
  defaults: readonly string[]
  /** what happens with any other */
  otherwise: string
  exact?: true
}

/**
 * What kustomize-controller 1.9 reads of an object, in annotations or labels (internal/controller/kustomization_controller.go;
 * substitute: fluxcd/pkg kustomize, kustomize_varsub.go, which alone minds the letter case).
 */
const ANNOTATIONS: Readonly<Record<string, Annotation>> = {
  prune: {
    values: ['disabled'],
    defaults: ['enabled'],
    otherwise: 'the object is deleted when it leaves Git',
  },
  reconcile: { values: ['disabled'], defaults: ['enabled'], otherwise: 'the object is applied as any other' },
  force: {
    values: ['enabled'],
    defaults: ['disabled'],
    otherwise: 'only spec.force of the Kustomization decides',
  },
  ssa: {
    values: ['IfNotPresent', 'Ignore', 'Merge'],
    defaults: ['Override'],
    otherwise: 'the object is overridden as any other',
  },
  substitute: {
    values: ['disabled'],
    defaults: ['enabled'],
    otherwise: 'variables are substituted in it',
    exact: true,
  },
}

/** Annotations of Flux with a value that Flux does not read: what they should prevent happens. */
export function annotationFindings(kustomizations: readonly RenderedKustomization[]): Finding[] {
  return kustomizations.flatMap(unit =>
    unit.objects.flatMap(({ manifest, resource, origin }): Finding[] =>
      Object.entries(ANNOTATIONS).flatMap(([name, annotation]): Finding[] => {
        const key = `${KUSTOMIZE_GROUP}/${name}`
        const value = textAt(manifest, 'metadata', 'annotations', key)
        if (value === undefined || isOpen(value) || isRead(value, annotation)) return []
        const meant = nearName(value, annotation.values) ?? annotation.values[0] ?? ''
        return [
          {
            ruleId: 'flux-annotation-value',
            level: 'warning',
            message: `${key}: "${value}" means nothing to Flux: ${annotation.otherwise}.`,
            repair: `Write ${meant}, or take the annotation away.`,
            resource,
            field: `metadata.annotations[${key}]`,
            ...origin,
          },
        ]
      }),
    ),
  )
}

function isRead(value: string, { values, defaults, exact }: Annotation): boolean {
  if (defaults.some(known => known.toLowerCase() === value.toLowerCase())) return true
  return values.some(known =>
    exact === true ? known === value : known.toLowerCase() === value.toLowerCase(),
  )
}
