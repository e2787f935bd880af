/** DeleteOptions: how a deletion is meant, from the body or the query. */
import type { StatusCause } from '../../api/status.js';
import { badRequest, invalid } from '../../api/status.js';
import { dryRunCauses } from '../write-options.js';

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  /** Deprecated: the older way to say `propagationPolicy`. */
  readonly orphanDependents?: boolean;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: readonly string[];
}

/** Of the body, if there is one, else of the query. @throws BadRequest, Invalid */
export function deleteOptions(body: DeleteOptions | undefined, query: URLSearchParams): DeleteOptions {
  const options = body ?? fromQuery(query);
  const causes: StatusCause[] = [];
  const { propagationPolicy, orphanDependents, dryRun = [] } = options;
  if (propagationPolicy != null && orphanDependents != null) {
    causes.push({
      reason: 'FieldValueInvalid',
      field: 'propagationPolicy',
      message: `Invalid value: ${JSON.stringify(propagationPolicy)}: orphanDependents and deletionPropagation cannot be both set`,
    });
  }
  if (propagationPolicy != null && !['Foreground', 'Background', 'Orphan'].includes(propagationPolicy)) {
    causes.push({
      reason: 'FieldValueNotSupported',
      field: 'propagationPolicy',
      message: `Unsupported value: ${JSON.stringify(propagationPolicy)}: supported values: "Foreground", "Background", "Orphan", "nil"`,
    });
  }
  causes.push(...dryRunCauses(dryRun));
  if (causes.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', causes);
  return options;
}

function fromQuery(query: URLSearchParams): DeleteOptions {
  const seconds = query.get('gracePeriodSeconds');
  if (seconds !== null && !/^[-+]?\d+$/.test(seconds)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(seconds)}: invalid syntax`);
  }
  const policy = query.get('propagationPolicy');
  const orphanDependents = query.get('orphanDependents');
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  return {
    ...(seconds !== null && { gracePeriodSeconds: Number(seconds) }),
    ...(policy !== null && { propagationPolicy: policy as DeleteOptions['propagationPolicy'] }),
    ...(orphanDependents !== null && { orphanDependents: orphanDependents !== 'false' && orphanDependents !== '0' }),
    ...(dryRun.length > 0 && { dryRun }),
  };
}
