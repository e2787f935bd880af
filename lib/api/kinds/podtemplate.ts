/**
 * PodTemplate: a template of pods, kept under a name. Nothing in Kubernetes makes pods of it.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/pods/#pod-templates
 */
import type { DeepReadonly, PodTemplate } from '../types.js';
import { same } from '../validation/equal.js';
import { root } from '../validation/errors.js';
import { validatePodTemplate } from '../validation/podspec.js';
import { column, formatLabels, images, nameColumn, names } from './columns.js';
import { defineKind } from './define.js';
import { defaultPodTemplate } from './poddefaults.js';
import { templateWarnings } from './podwarnings.js';

type Template = DeepReadonly<PodTemplate>;

export const podTemplate = defineKind<PodTemplate>({
  group: '',
  version: 'v1',
  resource: 'podtemplates',
  kind: 'PodTemplate',
  deleteReturnsObject: true,
  default(object) {
    object.template ??= {};
    defaultPodTemplate(object.template);
  },
  prepareForCreate(object) {
    object.metadata.generation = 1;
  },
  prepareForUpdate(object, old) {
    object.metadata.generation = (old.metadata.generation ?? 0) + (same(object.template, old.template) ? 0 : 1);
  },
  check: ({ template = {} }, errors) => validatePodTemplate(template, root('template'), errors),
  warnings: ({ template }) => templateWarnings(template, root('template')),
  columns: [
    nameColumn,
    column('Containers', 'Names of each container in the template.', ({ template }: Template) =>
      names(template?.spec?.containers),
    ),
    column('Images', 'Images referenced by each container in the template.', ({ template }: Template) =>
      images(template?.spec?.containers),
    ),
    column('Pod Labels', 'The labels for the pod template.', ({ template }: Template) =>
      formatLabels(template?.metadata?.labels),
    ),
  ],
});
