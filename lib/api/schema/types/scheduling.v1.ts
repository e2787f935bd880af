/** The types of `api.scheduling.v1`; `../table.ts` says how to read this. */
export const schedulingV1 = `
PriorityClass
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  value? 2 int32
  globalDefault? 3 bool
  description? 4 string
  preemptionPolicy? 5 *core.PreemptionPolicy

PriorityClassList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []PriorityClass
`;
