/**
 * CSINode: which storage drivers run on a node, and how many volumes each can attach there. Kubelets write it.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/csi-node-v1/
 */
import { csiNodes } from '../resources.js';
import type { CSINode, DeepReadonly } from '../types.js';
import { same } from '../validation/equal.js';
import { duplicate, invalid, required, root, type Path } from '../validation/errors.js';
import { complainAt } from '../validation/metadata.js';
import { dnsSubdomain, qualifiedName } from '../validation/names.js';
import { ageColumn, column, nameColumn } from './columns.js';
import { defineKind } from './define.js';
import type { FieldError } from './kind.js';

type Drivers = DeepReadonly<CSINode>['spec']['drivers'];

/** A driver's name, and its name of the node, in bytes. */
const driverNameLimit = 63;
const nodeIDLimit = 192;

export const csiNode = defineKind<CSINode>({
  ...csiNodes,
  check: ({ spec }, errors) => validateDrivers(spec?.drivers, errors),
  checkUpdate({ spec }, old, errors) {
    validateDrivers(spec?.drivers, errors);
    // A driver may come and go; while it is there, it keeps its name of the node and its keys.
    const path = root('spec').child('drivers');
    spec?.drivers?.forEach((driver, index) => {
      const before = old.spec?.drivers?.find(({ name }) => name === driver.name);
      if (!before || same(withoutCount(before), withoutCount(driver))) return;
      errors.push(invalid(path.at(index), driver, 'field is immutable'));
    });
  },
  columns: [
    nameColumn,
    column(
      'Drivers',
      'Drivers indicates the number of CSI drivers registered on the node',
      ({ spec }: DeepReadonly<CSINode>) => spec?.drivers?.length ?? 0,
      'integer',
    ),
    ageColumn,
  ],
});

const withoutCount = (driver: Drivers[number]) => ({ ...driver, allocatable: undefined });

function validateDrivers(drivers: Drivers | undefined, errors: FieldError[]): void {
  const path = root('spec').child('drivers');
  const names = new Set<string>();
  drivers?.forEach((driver, index) => {
    validateDriver(driver, path.at(index), errors);
    if (names.has(driver.name)) errors.push(duplicate(path.at(index).child('name'), driver.name));
    names.add(driver.name);
  });
}

function validateDriver(
  { name = '', nodeID = '', topologyKeys = [], allocatable }: Drivers[number],
  path: Path,
  errors: FieldError[],
): void {
  if (name === '') errors.push(required(path.child('name')));
  else complainAt(dnsSubdomain(name.toLowerCase()), path.child('name'), name, errors);
  if (Buffer.byteLength(name) > driverNameLimit) {
    errors.push(invalid(path.child('name'), name, `must be ${driverNameLimit} characters or less`));
  }
  if (nodeID === '') errors.push(required(path.child('nodeID')));
  else if (Buffer.byteLength(nodeID) > nodeIDLimit) {
    errors.push(invalid(path.child('nodeID'), nodeID, `must be ${nodeIDLimit} characters or less`));
  }
  if ((allocatable?.count ?? 0) < 0) {
    const at = path.child('allocatable').child('count');
    errors.push(invalid(at, allocatable!.count, 'must be greater than or equal to 0'));
  }
  topologyKeys.forEach((key, index) => {
    const at = path.child('topologyKeys').at(index);
    if (key === '') errors.push(required(at));
    else complainAt(qualifiedName(key), at, key, errors);
    if (topologyKeys.indexOf(key) < index) errors.push(duplicate(at, key));
  });
}
