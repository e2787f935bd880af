import type { PodTemplate } from '../types.js';
import { column, formatLabels, images, nameColumn, names } from './columns.js';
import { defineKind } from './define.js';

export const podTemplate = defineKind<PodTemplate>({
  group: '',
  version: 'v1',
  resource: 'podtemplates',
  kind: 'PodTemplate',
  deleteReturnsObject: true,
  columns: [
    nameColumn,
    column('Containers', 'Names of each container in the template.', ({ template }: PodTemplate) =>
      names(template?.spec?.containers),
    ),
    column('Images', 'Images referenced by each container in the template.', ({ template }: PodTemplate) =>
      images(template?.spec?.containers),
    ),
    column('Pod Labels', 'The labels for the pod template.', ({ template }: PodTemplate) =>
      formatLabels(template?.metadata?.labels),
    ),
  ],
});
