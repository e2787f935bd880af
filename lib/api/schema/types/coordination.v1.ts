/** The types of `api.coordination.v1`; `../table.ts` says how to read this. */
export const coordinationV1 = `
Lease
  ...meta.TypeMeta
  metadata? 1 meta.ObjectMeta
  spec? 2 LeaseSpec

LeaseList
  ...meta.TypeMeta
  metadata? 1 meta.ListMeta
  items* 2 []Lease

LeaseSpec
  holderIdentity? 1 *string
  leaseDurationSeconds? 2 *int32
  acquireTime? 3 *meta.MicroTime
  renewTime? 4 *meta.MicroTime
  leaseTransitions? 5 *int32
  strategy? 6 *string
  preferredHolder? 7 *string
`;
