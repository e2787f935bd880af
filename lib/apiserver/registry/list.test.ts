import { TestApi } from '../../../test/support/api.js';

let api: TestApi;
beforeEach(async () => void (api = await TestApi.start()));
afterEach(() => api[Symbol.asyncDispose]());

const maps = '/api/v1/namespaces/default/configmaps';
const create = (...names: string[]) => Promise.all(names.map((name) => api.post(maps, { metadata: { name, labels: { n: name } } }))); // prettier-ignore
const names = async (query = ''): Promise<string[]> => {
  const { body } = await api.get(`${maps}?${query}`);
  return body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
};

test('all pages of a list show the state of the first one', async () => {
  await create('c', 'a', 'e', 'b', 'd');
  const first = (await api.get(`${maps}?limit=2`)).body;
  expect(first.metadata).toMatchObject({ remainingItemCount: 3 });
  await api.request('DELETE', `${maps}/d`);
  await create('bb');
  const second = (await api.get(`${maps}?limit=2&continue=${first.metadata.continue}`)).body;
  const third = (await api.get(`${maps}?limit=2&continue=${second.metadata.continue}`)).body;
  const pages = [first, second, third].map(({ items }) => items.map((each: any) => each.metadata.name).join());
  expect(pages).toEqual(['a,b', 'c,d', 'e']);
  expect(third.metadata).toEqual({ resourceVersion: first.metadata.resourceVersion });
  expect(await names()).toEqual(['a', 'b', 'bb', 'c', 'e']);
});

test('with a selector nobody counts what remains', async () => {
  await create('a', 'b', 'c');
  const { metadata } = (await api.get(`${maps}?limit=1&labelSelector=n in (a,b)`)).body;
  expect(Object.keys(metadata).sort()).toEqual(['continue', 'resourceVersion']);
});

test('an exact version shows what has been deleted since', async () => {
  await create('a', 'b');
  const { resourceVersion } = (await api.get(maps)).body.metadata;
  await api.request('DELETE', `${maps}/a`);
  expect(await names(`resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`)).toEqual(['a', 'b']);
  expect(await names(`resourceVersion=${resourceVersion}&limit=5`)).toEqual(['a', 'b']);
  expect(await names(`resourceVersion=${resourceVersion}`)).toEqual(['b']);
  expect(await names(`resourceVersion=0&limit=1`)).toEqual(['b']);
});

test('a page of a forgotten version says so, and how to go on without consistency', async () => {
  await create('a', 'b', 'c');
  const { metadata } = (await api.get(`${maps}?limit=1`)).body;
  await create('d');
  await api.storage.compact(await api.storage.revision());
  const gone = await api.get(`${maps}?limit=1&continue=${metadata.continue}`);
  expect([gone.code, gone.body.reason]).toEqual([410, 'Expired']);
  expect(await names(`continue=${gone.body.metadata.continue}`)).toEqual(['b', 'c', 'd']);
  const old = await api.get(`${maps}?resourceVersion=${metadata.resourceVersion}&resourceVersionMatch=Exact`);
  expect([old.code, old.body.message]).toEqual([410, 'The resourceVersion for the provided list is too old.']);
});

test.each(['1000000', '9007199254740993', '18446744073709551615'])(
  'version %s from the future is waited for, three seconds',
  async (version) => {
    const waiting = api.get(`${maps}?resourceVersion=${version}`);
    await until(() => api.clock.waiting > 0);
    await api.clock.advance(3_000);
    const { code, headers, body } = await waiting;
    expect([code, headers.get('retry-after'), body.reason]).toEqual([504, '1', 'Timeout']);
    const current = await api.storage.revision();
    expect(body.message).toBe(`Timeout: Too large resource version: ${version}, current: ${current}`);
  },
);

test('a version that is about to come is waited for, and answered', async () => {
  const next = (await api.storage.revision()) + 1;
  const waiting = names(`resourceVersion=${next}`);
  await create('a');
  expect(await waiting).toEqual(['a']);
});

const options = 'ListOptions.meta.k8s.io "" is invalid: ';
const invalid = `${options}resourceVersionMatch: `;
const notInitial = 'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
const notForWatch = 'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
const onlyNotOlder = 'Unsupported value: "Exact": supported values: "NotOlderThan"';
const notWithContinue = 'Forbidden: resourceVersionMatch is forbidden when continue is provided';
test.each([
  ['resourceVersionMatch=Exact', 422, `${invalid}Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided`],
  ['resourceVersion=0&resourceVersionMatch=Exact', 422, `${invalid}Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"`],
  ['resourceVersion=5&resourceVersionMatch=Newest', 422, `${invalid}Unsupported value: "Newest": supported values: "Exact", "NotOlderThan", ""`],
  ['resourceVersion=abc', 400, 'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax'],
  ['resourceVersion=18446744073709551616', 400, 'invalid resource version: resourceVersion: Invalid value: "18446744073709551616": strconv.ParseUint: parsing "18446744073709551616": value out of range'],
  ['sendInitialEvents=false', 422, `${options}sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list`],
  ['timeoutSeconds=ten', 400, 'strconv.ParseInt: parsing "ten": invalid syntax'],
  ['limit=9223372036854775808', 400, 'strconv.ParseInt: parsing "9223372036854775808": value out of range'],
  ['watch=1&resourceVersion=abc', 500, 'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax'],
  ['watch=1&sendInitialEvents=true', 422, `${invalid}${notInitial}`],
  ['watch=1&sendInitialEvents=true&resourceVersionMatch=Exact', 422, `${options}[resourceVersionMatch: ${notInitial}, resourceVersionMatch: ${onlyNotOlder}]`],
  ['watch=1&resourceVersionMatch=NotOlderThan', 422, `${invalid}${notForWatch}`],
  ['watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&continue=x', 422, `${invalid}${notWithContinue}`],
  ['limit=ten', 400, 'strconv.ParseInt: parsing "ten": invalid syntax'],
  ['labelSelector=a=b=c', 400, "found '=', expected: ',' or 'end of string'"],
  ['fieldSelector=spec.nope=1', 400, '"spec.nope" is not a known field selector: only "metadata.name", "metadata.namespace"'],
])('a list with %s is refused', async (query, code, message) => {
  const answer = await api.get(`${maps}?${query}`);
  expect([answer.code, answer.body.message]).toEqual([code, message]);
}); // prettier-ignore

test('lists of all namespaces are ordered by namespace and name, and large ones come whole', async () => {
  await api.post('/api/v1/namespaces', { metadata: { name: 'a-first' } });
  await api.post('/api/v1/namespaces/a-first/configmaps', { metadata: { name: 'z' } });
  await create(...Array.from({ length: 300 }, (_, index) => `m${String(index).padStart(3, '0')}`));
  await api.merge(`${maps}/m007`, { data: { k: 'ü'.repeat(70_000) } });
  const { items } = (await api.get('/api/v1/configmaps')).body;
  expect(items).toHaveLength(301);
  expect(items[0].metadata.namespace).toBe('a-first');
  expect(items[8].data.k).toBe('ü'.repeat(70_000));
});

async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setImmediate(resolve));
}
