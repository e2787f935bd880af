/**
 * LimitRange: how small and how large the pods, containers and claims of a namespace may be, and what those get that do not
 * say. (Applying it is admission's; here stands what a sensible one is.)
 *
 * @see https://kubernetes.io/docs/concepts/policy/limit-range/
 */
import type { LimitRangeItem } from 'kubernetes-types/core/v1.js';
import { parseQuantity, type Quantity } from '../quantity.js';
import type { DeepReadonly, LimitRange } from '../types.js';
import { duplicate, forbidden, invalid, required, root, type Path } from '../validation/errors.js';
import { complain } from '../validation/metadata.js';
import { qualifiedName } from '../validation/names.js';
import { mayOvercommit, validateContainerResourceName, validateResourceName } from '../validation/resources.js';
import { defineKind } from './define.js';
import type { FieldError } from './kind.js';
import { roundUp } from './poddefaults.js';

type Item = DeepReadonly<LimitRangeItem>;

const amounts = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

const types = ['Container', 'PersistentVolumeClaim', 'Pod'];

export const limitRange = defineKind<LimitRange>({
  group: '',
  version: 'v1',
  resource: 'limitranges',
  kind: 'LimitRange',
  shortNames: ['limits'],
  default(object) {
    object.spec ??= { limits: [] };
    for (const item of object.spec.limits ?? []) {
      for (const field of amounts) if (item[field]) roundUp(item[field]);
      if (item.type !== 'Container') continue;
      // A limit is at most the largest; a request is the limit; or at least the smallest.
      item.default = { ...item.max, ...item.default };
      item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest };
      for (const field of ['default', 'defaultRequest'] as const) {
        if (Object.keys(item[field]!).length === 0) delete item[field];
      }
    }
  },
  check({ spec }, errors) {
    const seen = new Set<string>();
    spec.limits?.forEach((item, index) => {
      const path = root('spec').child('limits').at(index);
      validateType(item.type ?? '', path, errors);
      if (seen.has(item.type)) errors.push(duplicate(path.child('type'), item.type));
      seen.add(item.type);
      validateItem(item, path, errors);
    });
  },
});

function validateType(type: string, path: Path, errors: FieldError[]): void {
  const complaints = qualifiedName(type);
  complain(complaints, path, 'type', type, errors);
  if (complaints.length > 0 || type.includes('/') || types.includes(type)) return;
  errors.push(invalid(path.child('type'), type, 'must be a standard limit type or fully qualified'));
}

function validateItem(item: Item, path: Path, errors: FieldError[]): void {
  const names = new Set<string>();
  for (const field of amounts) {
    if (field === 'maxLimitRequestRatio' && item.type === 'PersistentVolumeClaim') {
      if (!item.min?.storage && !item.max?.storage) {
        const one = 'either minimum or maximum storage value is required, but neither was provided';
        errors.push(required(path.child('limits'), one));
      }
    }
    if (item.type === 'Pod' && (field === 'default' || field === 'defaultRequest')) {
      if (Object.keys(item[field] ?? {}).length === 0) continue;
      errors.push(forbidden(path.child(field), "may not be specified when `type` is 'Pod'"));
      continue;
    }
    for (const name in item[field]) {
      const check =
        item.type === 'Pod' || item.type === 'Container' ? validateContainerResourceName : validateResourceName;
      check(name, path.child(field).at(name), errors);
      names.add(name);
    }
  }
  for (const name of names) validateOrder(item, name, path, errors);
}

/** Smallest ≤ usual request ≤ usual limit ≤ largest. */
function validateOrder(item: Item, name: string, path: Path, errors: FieldError[]): void {
  const of = (field: (typeof amounts)[number]): Quantity | undefined =>
    item[field]?.[name] === undefined ? undefined : parseQuantity(item[field][name]);
  const [max, min, limit, request, ratio] = [
    of('max'),
    of('min'),
    of('default'),
    of('defaultRequest'),
    of('maxLimitRequestRatio'),
  ];
  const refuse = (field: string, value: Quantity, why: string) =>
    errors.push(invalid(path.child(field).at(name), value.toString(), why));
  const above = (a: Quantity | undefined, b: Quantity | undefined): boolean =>
    a !== undefined && b !== undefined && a.compare(b) > 0;
  if (above(min, max)) refuse('min', min!, `min value ${min} is greater than max value ${max}`);
  if (item.type !== 'Pod') {
    if (above(min, request)) {
      refuse('defaultRequest', request!, `min value ${min} is greater than default request value ${request}`);
    }
    if (above(request, max)) {
      refuse('defaultRequest', request!, `default request value ${request} is greater than max value ${max}`);
    }
    if (above(request, limit)) {
      refuse(
        'defaultRequest',
        request!,
        `default request value ${request} is greater than default limit value ${limit}`,
      );
    }
    if (above(min, limit)) refuse('default', min!, `min value ${min} is greater than default value ${limit}`);
    if (above(limit, max)) refuse('default', max!, `default value ${limit} is greater than max value ${max}`);
  }
  if (ratio && ratio.milliValue() < 1000) refuse('maxLimitRequestRatio', ratio, `ratio ${ratio} is less than 1`);
  if (ratio && min && max) {
    const most = max.milliValue() / min.milliValue();
    if (ratio.milliValue() / 1000 > most) {
      refuse('maxLimitRequestRatio', ratio, `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`);
    }
  }
  if (!mayOvercommit(name) && limit && request && limit.compare(request) !== 0) {
    refuse(
      'defaultRequest',
      request,
      `default value ${limit} must equal to defaultRequest value ${request} in ${name}`,
    );
  }
}
