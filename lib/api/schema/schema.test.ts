import { definition, hasDefinition, isScalar, type Definition, type Type } from './index.js';
import { parseTable } from './table.js';
import { tables } from './types/index.js';

const pod = definition('api.core.v1.Pod');
const field = (of: Definition, name: string) => of.fields.get(name)!;
const inner = (type: Type): Definition => {
  if (type.is === 'list' || type.is === 'map') return inner(type.element);
  if (type.is !== 'object') throw new Error(type.go);
  return type.definition;
};

test('a definition is made once, and its fields keep the order of the table', () => {
  expect(definition('api.core.v1.Pod')).toBe(pod);
  expect([...pod.fields.keys()]).toEqual(['kind', 'apiVersion', 'metadata', 'spec', 'status']);
  expect(() => definition('api.core.v1.Unicorn')).toThrow('no type api.core.v1.Unicorn');
  expect(hasDefinition('api.core.v1.Pod')).toBe(true);
  expect(hasDefinition('constructor.prototype')).toBe(false);
});

test('a field knows how it merges', () => {
  const container = definition('api.core.v1.Container');
  expect(field(container, 'ports')).toMatchObject({
    patchStrategy: ['merge'],
    patchMergeKey: 'containerPort',
    listType: 'map',
    listMapKeys: ['containerPort', 'protocol'],
    numbers: [6],
  });
  expect(field(inner(field(definition('api.apps.v1.Deployment'), 'spec').type), 'strategy').patchStrategy).toEqual([
    'retainKeys',
  ]);
});

test('what is embedded stands among the fields of its owner, and keeps its way through protobuf', () => {
  const volume = definition('api.core.v1.Volume');
  expect(field(volume, 'emptyDir').numbers).toEqual([2, 2]);
  expect(field(definition('api.core.v1.Probe'), 'httpGet').numbers).toEqual([1, 2]);
  expect(field(definition('api.core.v1.PersistentVolumeSpec'), 'nfs').numbers[0]).toBe(2);
  expect(field(definition('api.core.v1.EphemeralContainer'), 'image').numbers).toEqual([1, 2]);
});

test('types are named as messages name them', () => {
  const spec = inner(field(pod, 'spec').type);
  const named = (name: string) => field(spec, name).type.go;
  expect(named('containers')).toBe('[]v1.Container');
  expect(named('nodeSelector')).toBe('map[string]string');
  expect(named('restartPolicy')).toBe('v1.RestartPolicy');
  expect(field(definition('api.core.v1.ResourceRequirements'), 'limits').type.go).toBe('v1.ResourceList');
  expect(field(definition('api.core.v1.ServicePort'), 'targetPort').type.go).toBe('intstr.IntOrString');
});

test('every type of every table is whole: what it refers to is there', () => {
  const seen = new Set<string>();
  const visit = (of: Definition): void => {
    if (seen.has(of.name)) return;
    seen.add(of.name);
    for (const { type } of of.fields.values()) {
      let element = type;
      while (element.is === 'list' || element.is === 'map') element = element.element;
      if (!isScalar(element)) visit(inner(element));
    }
  };
  for (const [name, text] of Object.entries(tables)) {
    for (const type of parseTable(text).types.keys()) visit(definition(`${name}.${type}`));
  }
  expect(seen.size).toBeGreaterThan(500);
});

test('within a type no name and no number stands twice', () => {
  for (const [name, text] of Object.entries(tables)) {
    for (const [type, { rows }] of parseTable(text).types) {
      const numbers = rows.map((row) => row.number).filter((number) => number > 0);
      const names = rows.filter((row) => !row.embedded).map((row) => row.name);
      expect([`${name}.${type}`, new Set(numbers).size, new Set(names).size]).toEqual([
        `${name}.${type}`,
        numbers.length,
        names.length,
      ]);
    }
  }
});
